"""Makes the customer's mailbox look as she would have left it, and saves two letters' HTML: one to her,
and the welcome mail to the stranger.

    mailbox.py PLACES LETTER WELCOME
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


def main(places_file, letter_file, welcome_file):
    with open(places_file, encoding="utf-8") as file:
        places = json.load(file)
    customer(mailbox(places, places["customer"]), letter_file)
    stranger(mailbox(places, places["stranger"]), welcome_file)


def mailbox(places, user):
    imap = imaplib.IMAP4("127.0.0.1", places["imap_port"])
    # A certificate of its own, on loopback.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    imap.starttls(context)
    imap.login(user, places["customer_password"])
    imap.select("INBOX")
    return imap


def customer(imap, letter_file):
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
            save(mail, letter_file)
    imap.expunge()
    imap.logout()


def stranger(imap, welcome_file):
    _, found = imap.search(None, "ALL")
    for number in found[0].split():
        mail = fetch(imap, number)
        if mail["Auto-Submitted"] is not None:
            save(mail, welcome_file)
    imap.logout()


def save(mail, name):
    html = mail.get_body(("html",)).get_content()
    with open(name, "w", encoding="utf-8") as file:
        file.write(html)


def fetch(imap, number):
    _, parts = imap.fetch(number, "(BODY.PEEK[])")
    return email.message_from_bytes(parts[0][1], policy=email.policy.default)


main(*sys.argv[1:])
