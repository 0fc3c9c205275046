"""django-ca's URLs with device attestation, and the admin."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("django_ca/", include("device_attestation.urls")),
]
