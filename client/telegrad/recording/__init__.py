"""How a call becomes entries of a graph, and how they are sent. Nothing here knows a function of torch."""
