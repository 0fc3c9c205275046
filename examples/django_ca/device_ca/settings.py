"""The settings of the example's project: django-ca's own, and those of device attestation.

The environment says what differs from place to place:

    DEVICE_CA_HOME        the folder of the database and of the keys; by default the present one
    DEVICE_CA_SECRET      Django's SECRET_KEY; required
    DEVICE_CA_HOSTS       the server's names, separated by spaces; by default localhost
    DEVICE_CA_ALSO_TRUST  PEM files of roots that count beside Apple's, separated by spaces
    DEVICE_CA_URLS        another URLconf; tests look at django-ca alone with it
"""

import os
from pathlib import Path

HOME = Path(os.environ.get("DEVICE_CA_HOME", ".")).resolve()

SECRET_KEY = os.environ["DEVICE_CA_SECRET"]
ALLOWED_HOSTS = os.environ.get("DEVICE_CA_HOSTS", "localhost").split()
ROOT_URLCONF = os.environ.get("DEVICE_CA_URLS", "device_ca.urls")
TIME_ZONE = "UTC"
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 128 * 1024
"""Octets of a request. An attestation with its chain takes about three thousand."""

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_object_actions",
    "django_ca",
    "device_attestation",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "device-ca.sqlite3",
        # A request takes the database when it begins, so that no two judge one challenge.
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "django-ca": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": str(HOME / "keys"),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}

CA_ENABLE_ACME = True
CA_USE_CELERY = False  # Apple's client does not poll: each answer comes within its request
CA_DEFAULT_HOSTNAME = ALLOWED_HOSTS[0]

ATTESTATION_ALSO_TRUST = os.environ.get("DEVICE_CA_ALSO_TRUST", "").split()
