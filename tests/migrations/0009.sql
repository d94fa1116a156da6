-- The homeserver has a logo.
INSERT INTO logos (digest, uri, uploaded_at) VALUES ('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 'mxc://example.org/logo', 1000);
INSERT INTO policy_jobs (room_id, asked_event, job, next_at, trace, created_at) VALUES ('!room:example.org', '$asked', '{"wish":"apply","target":{"alias":"#lyon:example.org"},"room":"!room:example.org","asked":"$asked"}', 1000, 'trace', 1000);
-- Of a request, and one that nobody can read.
INSERT INTO policy_jobs (room_id, asked_event, request_id, job, next_at, trace, created_at, problem) VALUES ('!room:example.org', '$other', 3, '{}', 1000, 'trace', 1000, 'missing field `wish`');
