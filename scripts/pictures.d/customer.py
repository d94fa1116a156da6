"""What every Thunderbird here is told: a customer's account, and that nothing asks or leaves loopback."""

HOST = "127.0.0.1"

PREFERENCES = {
    "mail.accountmanager.accounts": "account1,account2",
    "mail.accountmanager.defaultaccount": "account1",
    "mail.accountmanager.localfoldersserver": "server2",
    "mail.account.account1.server": "server1",
    "mail.account.account1.identities": "id1",
    "mail.account.account2.server": "server2",
    "mail.identity.id1.fullName": "Jane Doe",
    "mail.identity.id1.valid": True,
    "mail.server.server1.hostname": HOST,
    "mail.server.server2.type": "none",
    "mail.server.server2.hostname": "Local Folders",
    "mail.server.server2.userName": "nobody",
    "mail.server.server2.name": "Local Folders",
    "mail.server.server2.directory-rel": "[ProfD]Mail/Local Folders",
    "mail.threadpane.listview": 1,
    # Nothing asks, nothing leaves loopback.
    "network.proxy.type": 1,
    "network.proxy.http": HOST,
    "network.proxy.http_port": 9,
    "network.proxy.ssl": HOST,
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": HOST,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": f"http://{HOST}:9/v1",
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "app.donation.eoy.version.viewed": 999,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "mailnews.start_page_override.mstone": "ignore",
}
