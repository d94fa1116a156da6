"""Starts Thunderbird on the customer's mailbox, without a screen, and takes its picture.

    thunderbird.py PLACES FOLDER PICTURE

FOLDER is empty and gets the profile.
"""

import base64
import ctypes
import json
import os
import subprocess
import sys
import time
from urllib.parse import quote

from customer import HOST, PREFERENCES as CUSTOMER

DISPLAY = ":93"
WIDTH, HEIGHT, SCALE = 720, 866, 2

PREFERENCES = CUSTOMER | {
    "mail.server.server1.type": "imap",
    "mail.server.server1.authMethod": 3,
    "mail.server.server1.socketType": 0,
    "mail.server.server1.login_at_startup": True,
    "mail.server.server1.check_new_mail": True,
    # Threads, all open, in a table above the message.
    "mailnews.default_view_flags": 33,
    "mailnews.default_sort_type": 18,
    "mailnews.default_sort_order": 1,
    "mail.pane_config.dynamic": 0,
    "mail.uidensity": 1,
    "layout.css.devPixelsPerPx": str(SCALE),
    "mail.addressDisplayFormat": 2,
    "mail.threadpane.use_correspondents": False,
    "toolkit.legacyUserProfileCustomizations.stylesheets": True,
    "ui.prefersReducedMotion": 1,
    "extensions.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "datareporting.healthreport.uploadEnabled": False,
    "toolkit.telemetry.enabled": False,
    "mail.inappnotifications.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
}

# What Thunderbird keeps of its windows.
WINDOW = "chrome://messenger/content/messenger.xhtml"
LAYOUT = {
    WINDOW: {
        "messengerWindow": {
            "screenX": "0",
            "screenY": "0",
            "width": str(WIDTH),
            "height": str(HEIGHT),
            "sizemode": "normal",
        },
        "messagepaneboxwrapper": {"height": "566"},
        "status-bar": {"hidden": "true"},
        "spacesToolbar": {"hidden": "true"},
        "unifiedToolbar": {"hidden": "true"},
        "quickFilterBar": {"visible": "false"},
    }
}

# Columns that say nothing here.
STYLE = """
#threadCol, .threadcol-column,
#flaggedCol, .flaggedcol-column,
#attachmentCol, .attachmentcol-column,
#unreadButtonColHeader, .unreadbuttoncolheader-column,
#junkStatusCol, .junkstatuscol-column { display: none !important; }
#subjectCol { width: 390px !important; }
#senderCol { width: 210px !important; }
"""


def main(places_file, folder, picture):
    with open(places_file, encoding="utf-8") as file:
        places = json.load(file)
    folder = os.path.abspath(folder)
    profile = os.path.join(folder, "profile")
    os.makedirs(profile)
    write_profile(places, profile)
    environment = dict(os.environ, HOME=folder, DISPLAY=DISPLAY, LANG="C.UTF-8")
    screen = f"{WIDTH * SCALE}x{HEIGHT * SCALE}x24"
    running = []
    try:
        running.append(
            subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", screen, "-nolisten", "tcp"])
        )
        running.append(
            subprocess.Popen(
                ["thunderbird", "--profile", profile, "--no-remote"],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        settled(picture, environment)
        open_message(environment)
        settled(picture, environment)
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait()


def write_profile(places, profile):
    user = places["customer"]
    own = {
        "mail.identity.id1.useremail": user,
        "mail.server.server1.port": places["imap_port"],
        "mail.server.server1.userName": user,
        "mail.server.server1.name": user,
        "mail.server.server1.directory-rel": f"[ProfD]ImapMail/{HOST}",
    }
    with open(os.path.join(profile, "user.js"), "w", encoding="utf-8") as file:
        for key, value in (PREFERENCES | own).items():
            file.write(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n")
    with open(os.path.join(profile, "xulstore.json"), "w", encoding="utf-8") as file:
        json.dump(LAYOUT, file)
    with open(os.path.join(profile, "session.json"), "w", encoding="utf-8") as file:
        json.dump(session(user), file)
    os.makedirs(os.path.join(profile, "chrome"))
    with open(os.path.join(profile, "chrome", "userChrome.css"), "w", encoding="utf-8") as file:
        file.write(STYLE)
    write_logins(user, places["customer_password"], profile)


def session(user):
    """The inbox open, without the folders beside it."""
    state = {
        "firstTab": True,
        "folderPaneVisible": False,
        "messagePaneVisible": True,
        "folderURI": f"imap://{quote(user, safe='')}@{HOST}/INBOX",
    }
    tab = {"mode": "mail3PaneTab", "state": state, "ext": {}}
    tabs = {"rev": 0, "selectedIndex": 0, "tabs": [tab]}
    return {"rev": 0, "windows": [{"type": "3pane", "tabs": tabs}]}


def write_logins(user, password, profile):
    """Stores the password as Thunderbird does, or it would ask for it."""
    encrypt = encrypter(profile)
    login = {
        "id": 1,
        "hostname": f"imap://{HOST}",
        "httpRealm": f"imap://{HOST}",
        "formSubmitURL": None,
        "usernameField": "",
        "passwordField": "",
        "encryptedUsername": encrypt(user),
        "encryptedPassword": encrypt(password),
        "guid": "{00000000-0000-4000-8000-000000000001}",
        "encType": 1,
        "timeCreated": 1,
        "timeLastUsed": 1,
        "timePasswordChanged": 1,
        "timesUsed": 1,
    }
    with open(os.path.join(profile, "logins.json"), "w", encoding="utf-8") as file:
        json.dump({"nextId": 2, "logins": [login], "version": 3}, file)


class SecItem(ctypes.Structure):
    _fields_ = [("type", ctypes.c_uint), ("data", ctypes.c_void_p), ("len", ctypes.c_uint)]


def encrypter(profile):
    """A function that encrypts with the key of the profile, which is made here."""
    nss = ctypes.CDLL("libnss3.so")

    def check(status):
        if status != 0:
            raise RuntimeError("NSS refused")

    check(nss.NSS_InitReadWrite(f"sql:{profile}".encode()))
    nss.PK11_GetInternalKeySlot.restype = ctypes.c_void_p
    slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
    if nss.PK11_NeedUserInit(slot):
        check(nss.PK11_InitPin(slot, None, b""))

    def encrypt(text):
        data = text.encode()
        buffer = ctypes.create_string_buffer(data, len(data))
        plain = SecItem(0, ctypes.cast(buffer, ctypes.c_void_p), len(data))
        secret, key = SecItem(), SecItem()
        references = [ctypes.byref(item) for item in (key, plain, secret)]
        check(nss.PK11SDR_Encrypt(*references, None))
        return base64.b64encode(ctypes.string_at(secret.data, secret.len)).decode()

    return encrypt


def open_message(environment):
    """Clicks the letter that two people wrote."""
    click = ["xdotool", "mousemove", str(300 * SCALE), str(185 * SCALE), "click", "1"]
    subprocess.run(click, env=environment, check=True)
    # The pointer out of the picture.
    away = ["xdotool", "mousemove", str(WIDTH * SCALE), str(HEIGHT * SCALE)]
    subprocess.run(away, env=environment, check=True)


def settled(picture, environment):
    """Takes pictures until nothing has changed for some seconds."""
    deadline = time.monotonic() + 60
    before, still = b"", 0
    while still < 4:
        if time.monotonic() > deadline:
            open(picture, "wb").write(now)
            raise RuntimeError("Thunderbird does not come to rest")
        time.sleep(1)
        now = subprocess.run(
            ["import", "-window", "root", "png:-"],
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ).stdout
        # A dark screen is one on which nothing has been drawn yet.
        still = still + 1 if now == before and len(now) > 30_000 else 0
        before = now
    with open(picture, "wb") as file:
        file.write(now)


main(*sys.argv[1:])
