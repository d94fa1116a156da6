-- A mail with a withheld file, offered to staff, and its sender's last lines.
INSERT INTO uploads (mail_id, part, content, uploaded_at) VALUES (1, 'file 0', '{"url":"mxc://example.org/a"}', 1000);
INSERT INTO shown (event_id, conversation_id, mail_id, contact_id) VALUES ('$shown:example.org', 1, 1, 1);
INSERT INTO offers (event_id, offer, taken_at) VALUES ('$offer:example.org', '{"offer":"release","conversation":1,"contact":1,"mail":1,"files":[{"index":1,"filename":"setup.exe"}]}', NULL);
INSERT INTO endings (sender, mail_id, lines) VALUES ('jane@acme.com', 1, '["Jane Doe","Acme Ltd"]');
