"""The scatter in a real browser: our module beside a bare regl-scatterplot, and the app with a million rows."""
