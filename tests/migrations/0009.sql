-- The homeserver has a logo.
INSERT INTO logos (digest, uri, uploaded_at) VALUES ('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 'mxc://example.org/logo', 1000);
