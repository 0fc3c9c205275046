"""How a chain travels: from what a device sent to the DER certificates, leaf first.

One module for each carrier. None verifies anything.
"""
