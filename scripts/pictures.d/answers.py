"""Answers a letter with Thunderbird, without a screen, and keeps what it really writes.

    answers.py LETTER OUT

LETTER is a raw mail. Into the folder OUT come `thunderbird-html.eml`, an answer with an image in
its text and an attached file, `thunderbird-between.eml`, an HTML answer between the quoted lines,
and `thunderbird-plain.eml`; in place of the letter's ids are the places that
tests/stories/clients.rs fills in. The text is typed, the image pasted and the file chosen by keys, as a
person does it. Beside what scripts/pictures installs it wants Openbox and xclip. No other server
runs: the letter lies in a local folder, and what is sent is caught here.
"""

import email
import email.policy
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

from customer import HOST, PREFERENCES as CUSTOMER

DISPLAY = ":94"
WIDTH, HEIGHT = 1200, 900
USER = "jane@acme.com"

PREFERENCES = CUSTOMER | {
    "mail.identity.id1.useremail": USER,
    "mail.identity.id1.smtpServer": "smtp1",
    "mail.identity.id1.fcc": False,
    "mail.identity.id1.htmlSigText": "Jane Doe\nAcme Instruments",
    "mail.server.server1.type": "pop3",
    "mail.server.server1.userName": USER,
    "mail.server.server1.name": USER,
    "mail.server.server1.port": 9,
    "mail.server.server1.login_at_startup": False,
    "mail.server.server1.check_new_mail": False,
    "mail.server.server1.directory-rel": "[ProfD]Mail/acme",
    "mail.smtpservers": "smtp1",
    "mail.smtp.defaultserver": "smtp1",
    "mail.smtpserver.smtp1.hostname": HOST,
    "mail.smtpserver.smtp1.try_ssl": 0,
    "mail.smtpserver.smtp1.authMethod": 1,
    "mail.SpellCheckBeforeSend": False,
    "mail.spellcheck.inline": False,
    "mail.compose.attachment_reminder": False,
    "mail.compose.warn_public_recipients.threshold": 99,
    "mail.warn_on_send_accel_key": False,
    "mail.compose.big_attachments.notify": False,
}

# What the person chose is what is sent.
HTML = {"mail.identity.id1.compose_html": True, "mail.default_send_format": 2}
PLAIN = {"mail.identity.id1.compose_html": False, "mail.default_send_format": 1}
# Thunderbird's own way is to write below the quote.
ABOVE = {"mail.identity.id1.reply_on_top": 1, "mail.identity.id1.sig_bottom": False}


def main(letter, out):
    os.makedirs(out, exist_ok=True)
    for name, settings, act in (
        ("thunderbird-html", HTML | ABOVE, answer_with_files),
        ("thunderbird-between", HTML, answer_between),
        ("thunderbird-plain", PLAIN | ABOVE, answer_plainly),
    ):
        with tempfile.TemporaryDirectory() as folder:
            mail = answered(letter, settings, act, folder, os.path.join(out, name))
        mail = with_places(mail, letter)
        with open(os.path.join(out, f"{name}.eml"), "wb") as file:
            file.write(mail)
        print(f"{name}.eml: {len(mail)} octets", flush=True)


def answered(letter, settings, act, folder, picture):
    sink = Sink()
    profile = os.path.join(folder, "profile")
    write_profile(letter, settings, sink.port, profile)
    environment = dict(os.environ, HOME=folder, DISPLAY=DISPLAY, LANG="C.UTF-8")
    running = []
    hands = Hands(environment, folder)

    def start(*command):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running.append(subprocess.Popen(command, env=environment, **quiet))

    try:
        start("Xvfb", DISPLAY, "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp")
        time.sleep(1)
        start("openbox")
        start("thunderbird", "--profile", profile, "--no-remote")
        hands.sees_window("Mozilla Thunderbird", 60)
        for _ in range(10):
            # The newest mail of the open folder, once there is one, then the answer's window.
            hands.click(200, 190)
            hands.press("ctrl+r")
            if hands.sees_window("Write:", 5):
                break
        else:
            raise RuntimeError("no answer is begun")
        time.sleep(4)
        act(hands)
        time.sleep(1)
        hands.press("ctrl+Return")
        return sink.mail()
    except Exception:
        hands.picture(f"{picture}-failed.png")
        raise
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait()


def with_places(mail, letter):
    """The ids of this letter give way to places that a story fills in."""
    with open(letter, "rb") as file:
        headers = email.message_from_binary_file(file, policy=email.policy.default)
    address = headers["Reply-To"].addresses[0].addr_spec
    mail = mail.replace(address.encode(), b"{{reply-address}}")
    return mail.replace(headers["Message-ID"].strip("<> ").encode(), b"{{letter-id}}").replace(b"\r\n", b"\n")


def answer_with_files(hands):
    hands.type("Hello Ann,\n\nTuesday suits us well. This is how the room looks:\n")
    hands.paste_image()
    hands.type("\nThe plan of the house is attached.")
    hands.attach("plan.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")


def answer_between(hands):
    # Below the line that introduces the quote. Enter in a quote splits it.
    hands.press("ctrl+Home", "Down", "Down", "End", "Return")
    hands.type("Wednesday would be better.")
    hands.press("Down", "End", "Return")
    hands.type("Yes please, two of them.")


def answer_plainly(hands):
    hands.type(
        "Hello Ann,\n\nTuesday suits us well, but please come early, as the room is only ours until "
        "five o'clock and the caretaker is strict.\n\nJane"
    )


class Hands:
    """Keys and the pointer."""

    def __init__(self, environment, folder):
        self.environment = environment
        self.folder = folder

    def do(self, *command, **options):
        return subprocess.run(command, env=self.environment, **options)

    def press(self, *keys):
        for key in keys:
            self.do("xdotool", "key", "--clearmodifiers", key, check=True)
            time.sleep(0.3)

    def click(self, x, y):
        self.do("xdotool", "mousemove", str(x), str(y), "click", "1", check=True)
        time.sleep(2)

    def type(self, text):
        for line in text.splitlines(keepends=True):
            words = line.rstrip("\n")
            if words:
                self.do("xdotool", "type", "--delay", "15", words, check=True)
            if line.endswith("\n"):
                self.press("Return")

    def paste_image(self):
        path = os.path.join(self.folder, "room.png")
        size = "gradient:#c8d6e5-#576574"
        self.do("convert", "-size", "240x160", size, "-strip", f"PNG24:{path}", check=True)
        clip = ["xclip", "-selection", "clipboard", "-t", "image/png", "-i", path]
        subprocess.run(clip, env=self.environment, check=True, stdout=subprocess.DEVNULL)
        self.press("ctrl+v")
        time.sleep(2)

    def attach(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        self.press("ctrl+shift+a")
        time.sleep(3)
        # The first stroke opens the field for the path.
        for typed in (path[:1], path[1:]):
            self.do("xdotool", "type", "--delay", "40", typed, check=True)
            time.sleep(1)
        self.press("Return")
        time.sleep(2)

    def sees_window(self, title, patience):
        deadline = time.monotonic() + patience
        search = ["xdotool", "search", "--onlyvisible", "--name", title]
        while time.monotonic() < deadline:
            if self.do(*search, stdout=subprocess.DEVNULL, check=False).returncode == 0:
                return True
            time.sleep(0.5)
        return False

    def picture(self, path):
        self.do("import", "-window", "root", path, check=False)


class Sink:
    """Takes one mail by SMTP, and no more of SMTP than Thunderbird speaks."""

    def __init__(self):
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.came = threading.Event()
        self.data = b""
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while not self.came.is_set():
            connection, _ = self.listener.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"220 sink\r\n")
                for line in lines:
                    command = line[:4].upper()
                    if command == b"DATA":
                        connection.sendall(b"354 go on\r\n")
                        mail = []
                        for line in lines:
                            if line == b".\r\n":
                                break
                            mail.append(line[1:] if line.startswith(b".") else line)
                        self.data = b"".join(mail)
                    connection.sendall(b"250 fine\r\n")
                    if self.data:
                        self.came.set()
                    if command == b"QUIT":
                        break

    def mail(self):
        if not self.came.wait(30):
            raise RuntimeError("nothing was sent")
        time.sleep(1)
        return self.data


def write_profile(letter, settings, port, profile):
    os.makedirs(os.path.join(profile, "Mail", "acme"))
    with open(letter, "rb") as file:
        raw = file.read().replace(b"\r\n", b"\n")
    with open(os.path.join(profile, "Mail", "acme", "Inbox"), "wb") as file:
        file.write(b"From - Sun Nov 22 10:00:00 2026\nX-Mozilla-Status: 0001\n" + raw + b"\n")
    own = settings | {"mail.smtpserver.smtp1.port": port}
    with open(os.path.join(profile, "user.js"), "w", encoding="utf-8") as file:
        for key, value in (PREFERENCES | own).items():
            file.write(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n")
    window = "chrome://messenger/content/messenger.xhtml"
    layout = {window: {"messengerWindow": {"screenX": "0", "screenY": "0", "width": str(WIDTH),
                                           "height": str(HEIGHT), "sizemode": "maximized"}}}
    with open(os.path.join(profile, "xulstore.json"), "w", encoding="utf-8") as file:
        json.dump(layout, file)
    state = {
        "firstTab": True,
        "folderPaneVisible": False,
        "messagePaneVisible": True,
        "folderURI": f"mailbox://{USER.replace('@', '%40')}@{HOST}/Inbox",
    }
    tab = {"mode": "mail3PaneTab", "state": state, "ext": {}}
    tabs = {"rev": 0, "selectedIndex": 0, "tabs": [tab]}
    with open(os.path.join(profile, "session.json"), "w", encoding="utf-8") as file:
        json.dump({"rev": 0, "windows": [{"type": "3pane", "tabs": tabs}]}, file)


main(*sys.argv[1:])
