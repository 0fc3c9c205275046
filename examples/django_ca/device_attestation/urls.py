"""django-ca's URLs, of which those that concern devices are answered here.

Include this in the place of `django_ca.urls`. It has that namespace, since django-ca builds every
URL of its answers from it. The first pattern that fits a path answers.
"""

from django.urls import path
from django_ca import urls as stock

from device_attestation import views

app_name = "django_ca"

_ACME = "acme/<django-ca-serial:serial>/"
_SLUG = "<django-ca-acme-slug:slug>/"

urlpatterns = [
    path(f"{_ACME}new-order/", views.NewOrderView.as_view(), name="acme-new-order"),
    path(f"{_ACME}order/{_SLUG}", views.OrderView.as_view(), name="acme-order"),
    path(
        f"{_ACME}order/{_SLUG}finalize/", views.FinalizeView.as_view(), name="acme-order-finalize"
    ),
    path(f"{_ACME}authz/{_SLUG}", views.AuthorizationView.as_view(), name="acme-authz"),
    path(f"{_ACME}chall/{_SLUG}", views.ChallengeView.as_view(), name="acme-challenge"),
    *stock.urlpatterns,
]
