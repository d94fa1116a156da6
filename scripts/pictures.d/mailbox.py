"""Makes the customer's mailbox look as she would have left it, and saves a letter's HTML.

    mailbox.py PLACES FILE
"""

import email
import email.policy
import imaplib
import json
import ssl
import sys

# Which mail of the thread is saved: the one that two people wrote.
SAVED = 3
# The thread whose picture is not taken.
ELSEWHERE = "first series"


def main(places_file, saved_file):
    with open(places_file, encoding="utf-8") as file:
        places = json.load(file)
    imap = imaplib.IMAP4("127.0.0.1", places["imap_port"])
    # A certificate of its own, on loopback.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    imap.starttls(context)
    imap.login(places["customer"], places["customer_password"])
    imap.select("INBOX")
    _, found = imap.search(None, "ALL")
    numbers = found[0].split()
    for at, number in enumerate(numbers, start=1):
        mail = fetch(imap, number)
        if ELSEWHERE in mail["Subject"]:
            imap.store(number, "+FLAGS", r"(\Deleted)")
            continue
        letters = mail["X-Postroom-Id"] is not None
        flags = r"(\Seen \Answered)" if letters else r"(\Seen)"
        imap.store(number, "+FLAGS", flags)
        if at == SAVED:
            html = mail.get_body(("html",)).get_content()
            with open(saved_file, "w", encoding="utf-8") as file:
                file.write(html)
    imap.expunge()
    imap.logout()


def fetch(imap, number):
    _, parts = imap.fetch(number, "(BODY.PEEK[])")
    return email.message_from_bytes(parts[0][1], policy=email.policy.default)


main(*sys.argv[1:])
