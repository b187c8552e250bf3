"""What is named and sent, in the wire's terms: values, entries, fragments. Nothing here knows a tensor."""
