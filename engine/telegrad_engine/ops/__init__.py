"""The operators, a record each, by family; importing `registry` from here knows them all."""
