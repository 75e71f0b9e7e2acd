"""The one port: page, WebSocket, chunks, and who may ask."""
