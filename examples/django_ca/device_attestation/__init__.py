"""A Django app beside django-ca: the ACME challenge `device-attest-01` of Apple devices."""
