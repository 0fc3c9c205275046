"""A Django project with django-ca and device attestation, and nothing else."""
