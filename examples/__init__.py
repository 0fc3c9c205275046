"""Programs that use appleattest; each says in its first lines how it is run."""
