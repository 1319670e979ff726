"""A WebSocket and HTTP/1.1 conformance suite for a running server. Standard library only."""
