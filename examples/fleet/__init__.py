"""A fleet's life: from the events of an MDM server to what is known of each device today."""
