"""The application: a Neuroglancer server, a page, and one session between them."""
