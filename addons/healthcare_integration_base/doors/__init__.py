"""What the doors in need that is not a record: signatures, problem details, schemas. Pure Python."""
