"""The inventory in Django's admin."""

from django.contrib import admin

from device_attestation.models import Admission


@admin.register(Admission)
class AdmissionAdmin(admin.ModelAdmin):
    """Who may enrol."""

    list_display = ("identifier", "devices")
    search_fields = ("identifier", "devices")
