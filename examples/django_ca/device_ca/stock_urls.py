"""django-ca's URLs as they are, without device attestation: for tests of where it stops."""

from django.urls import include, path

urlpatterns = [path("django_ca/", include("django_ca.urls"))]
