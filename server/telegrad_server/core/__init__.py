"""The server's decisions: events in, commands out, time as an argument. Nothing here does input or output."""
