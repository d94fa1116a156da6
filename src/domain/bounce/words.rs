//! How servers say why they refuse a mail.

use super::reason::Reason;

/// What was said, ready to be looked at: in lower case, on one line, without addresses, links and
/// what stands in angle brackets, whose words are chosen by others.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len().min(LONGEST));
    // A reply of several lines repeats its code on each.
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let is_name = word.contains('@')
            || word.contains("://")
            || word.starts_with("www.")
            || word.starts_with('<') && word.ends_with('>');
        if word.is_empty() || is_name {
            continue;
        }
        if folded.len() + word.len() > LONGEST {
            break;
        }
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase).map(|c| match c {
            '\u{2019}' => '\'',
            '_' => ' ',
            c => c,
        }));
    }
    folded
}

/// The first reason in `list` of which a phrase stands in the folded text.
pub(super) fn look(folded: &str, list: &[(Reason, &str)]) -> Option<Reason> {
    let says = |phrases: &str| phrases.split('|').any(|phrase| folded.contains(phrase));
    let found = list.iter().find(|(_, phrases)| says(phrases));
    found.map(|(reason, _)| *reason)
}

/// In octets.
const LONGEST: usize = 4000;

/// Phrases that leave no doubt. The order matters where servers say two things: what is told in
/// more particular words comes first.
pub(super) const CLEAR: &[(Reason, &str)] = &[
    (
        Reason::Loop,
        "hop count exceeded|too many hops|mail loop|routing loop|forwarding loop|\
         message loop|loops back to|is looping|message is looping|maximum hop count|\
         mail forwarding loop|delivered-to: header|schleife",
    ),
    (
        Reason::Spam,
        "spam classification|classified as spam|flagged as spam|scored as spam|\
         considered spam|detected as spam|identified as spam|rejected as spam",
    ),
    (
        Reason::Content,
        "duplicate header|multiple subject|rfc 5322 compliant",
    ),
    (
        Reason::Protocol,
        "my name was rejected|invalid helo|helo command rejected|\
         fully-qualified hostname|protocol violation",
    ),
    (
        Reason::ServerFault,
        "temporary locked|temporarily locked|temporarily disabled|\
         temporarily suspended|temporarily blocked",
    ),
    (
        Reason::Authentication,
        "dmarc|dkim|unauthenticated email|unauthenticated mail|\
         authentication information|required authentication level|authentication checks|\
         sender policy framework|spf record|spf check|spf fail|spf validation|spf: |\
         (spf)|mismatches client ip|not designated as permitted|\
         invalid ip for sending mail of domain|determine purported responsible address|\
         purported|sender id",
    ),
    (
        Reason::Moved,
        "has moved|mailbox moved|address has changed|address changed|user has moved|\
         no longer on server|recipient no longer|has been replaced by|\
         please update your records|no forwarding address",
    ),
    (
        Reason::Reputation,
        "reverse dns|ptr record|no ptr|rdns|cannot find your hostname|\
         can't find your hostname|cannot find your reverse hostname|does not resolve|\
         no name for its address|blacklist|black list|blocklist|block list|blocked using|\
         block-listed|denylist|spamhaus|spamcop|barracuda reputation|dnsbl| rbl|(rbl|\
         is listed in|listed at |poor reputation|bad reputation|low reputation|\
         ip reputation|reputation of|client host rejected|client host blocked|\
         ip address sending this|your ip address|ip blocked|blocked ip|\
         host network not allowed|not accepted from dynamic|dynamic ip|residential ip|\
         please use the smtp server of your isp|no smtp service for your|\
         unverifyable sending ips|esmtp service not available|bad dns|\
         has been temporarily rate limited due to ip reputation|\
         connections not accepted from|adresse ip source bloquee|adresse ip bloquée|\
         has been banned|your network is",
    ),
    (
        Reason::RateLimited,
        "rate limit|ratelimit|rate-limit|throttl|frequency limited|too many connections|\
         too many concurrent|too many recipients|too many messages|too many mails|\
         too many emails|too many invalid|too many errors|too much mail from|\
         sending limit|message limit|daily limit|hourly limit|exceeded the limit|\
         exceeded the maximum number of|max number of recipients|\
         maximum number of recipients|limit of messages|quota of messages|\
         unexpected volume|unusual rate|receiving mail at a rate|\
         receiving mail too quickly|temporarily deferred due to|try again later, too|\
         slow down|service refuse. veuillez|service refuse. please",
    ),
    (
        Reason::MailboxFull,
        "mailbox full|mailbox is full|mail box full|mailbox exceeded|mailbox size limit|\
         mailbox over|mailbox quota|box is full|inbox is full|account is full|\
         user is over quota|over quota|over the quota|overquota|over its quota|\
         over their quota|quota exceed|quota full|quota violation|exceeded quota|\
         exceeds quota|exceeded storage|exceeded the storage|exceeded his|exceeded their|\
         exceeded its disk|exceed the quota|exceeded the quota|disk quota|disc quota|\
         storage quota|storage limit|storage allocation|out of storage space|\
         not enough storage|no storage space|recipient storage full|not enough space|\
         not have enough space|insufficient storage|too much mail data|\
         number of messages in recipient's mailbox|maildir over|mail quota|\
         doesn't have enough disk|postfach ist voll|postfach voll|speicherplatz|\
         boîte pleine|boite pleine|boîte aux lettres pleine|boite du destinataire pleine|\
         quota dépassé|buzón lleno|buzon lleno|casella piena|casella postale piena|\
         postvak vol|caixa cheia|caixa de correio cheia|skrzynka jest pełna|\
         ящик переполнен|メールボックスがいっぱい|容量を超え|邮箱已满|mailfolder is full|quotaexceeded",
    ),
    (
        Reason::TooLarge,
        "message too big|message too large|message is too|message file too big|\
         message size exceed|message size limit|message exceeds|message length exceed|\
         exceeds maximum message size|exceeds fixed maximum message size|\
         exceeds the maximum|exceeds size limit|exceeds message size|exceeds the size|\
         exceeded maximum message size|exceeds administrative limit|maximum message size|\
         maximum size|mail size limit|mail too big|mail is too|size limit exceeded|\
         larger than the|line limit exceeded|header size exceeds|\
         too large to be delivered|attachment is too|recipsizelimit|sizelimit|zu groß|\
         zu gross|trop volumineux|demasiado grande|troppo grande|te groot",
    ),
    (
        Reason::Content,
        "virus|malware|infected|trojan|phishing|illegal attachment|attachment type|\
         forbidden attachment|banned attachment|blocked attachment|\
         content presents a potential|potential security|executable|media error|\
         rfc 2822|rfc2822|missing header|\
         header error|headers are not|multiple 'from'|bare lf|bare cr|\
         improper use of 8-bit|malformed message|malformed mime|malformed header",
    ),
    (
        Reason::Spam,
        "spam|unsolicited| ube|,ube|junk mail|bulk mail|looks like bulk|content rejected|\
         rejected for content|rejected due to content|content blocked|content filter|\
         blocked by filter|objectionable content|mail rejete|mail rejected. ofr|\
         message content|high probability of|appears to be bulk|text analysis",
    ),
    (
        Reason::Policy,
        "recipient preferences|sender address rejected|sender rejected|sender was rejected|\
         domain of sender|unroutable sender|unrouteable sender|sender verify failed|\
         sender verification failed|relay access denied|relaying denied|unable to relay|\
         relaying not|not permitted to relay|not a member of|not member",
    ),
    (
        Reason::Disabled,
        "account disabled|account is disabled|account has been disabled|\
         account that you tried to reach is disabled|\
         account that you tried to reach is inactive|account is inactive|\
         account inactive|account expired|account has expired|account has been suspended|\
         account suspended|account is suspended|account locked|account is locked|\
         account closed|account is closed|account has been closed|account blocked|\
         account deactivated|account has been deactivated|account is not active|\
         account not active|disabled or discontinued|disabled recipient|\
         recipient is disabled|recipient disabled|recipient suspended|\
         recipient is not active|recipient is inactive|user account disabled|\
         user is inactive|user disabled|user is disabled|user suspended|\
         user is suspended|user not active|user is not active|inactive user|\
         inactive account|mailbox disabled|mailbox is disabled|mailbox is inactive|\
         mailbox inactive|mailbox not active|mailbox currently suspended|\
         mailbox is locked|mailbox locked|mailbox frozen|mailbox is frozen|\
         mailbox has been suspended|email account disabled|not accepting mail|not accepting messages|\
         not currently accepting|is disabled|has been disabled|\
         recipient address rejected: on hold|on hold|\
         mailbox unavailable or access denied: suspended|domain suspended|\
         compte du destinataire est bloque|compte bloqué|compte désactivé|\
         konto deaktiviert|konto gesperrt|cuenta deshabilitada|account disattivato|\
         dormant account|non è più attiv",
    ),
    (
        Reason::Network,
        "not found, try again|temporary lookup failure|temporary dns|dns timeout|\
         host name lookup failure|name server: temporary",
    ),
    (
        Reason::UnknownDomain,
        "host unknown|unknown host|host not found|host or domain name not found|\
         unknown domain|domain unknown|domain not found|domain does not|\
         domain is not reachable|domain name not found|no such domain|no such host|\
         invalid domain|bad destination system|bad destination host|bad domain|\
         name service error|name or service not known|nxdomain|lookup of |\
         dns lookup failure|dns error|no mx record|no mx for|no mx or a|null mx|nullmx|\
         no smtp service|does not accept mail|doesn't accept mail|couldn't find any host|\
         couldn't find a mail exchanger|could not find a mail exchanger|mail exchanger|\
         no valid hosts|cannot resolve|could not resolve|cannot find the domain|\
         domain couldn't be found|unrouteable mail domain|unroutable domain|\
         all relevant mx records point to non-existent|dns-hostname|domäne|\
         domaine inconnu",
    ),
    (
        Reason::UnknownUser,
        "user unknown|unknown user|unknown recipient|unknown local|\
         unknown mailbox|unknown account|unknown email|recipient unknown|\
         recipient not found|recipient not known|recipient is not known|\
         recipient does not exist|recipient doesn't exist|recipient not exist|\
         recipient is invalid|recipient invalid|recipient name is not recognized|\
         recipient is not found|invalid recipient|invalid mailbox|invalid user|\
         invalid address|invalid email|invalid local|invalid/inactive user|no such user|\
         no such recipient|no such mailbox|no such person|no such address|\
         no such account|no such local user|no such email|no mailbox here|\
         no mailbox found|no mailbox by that name|no account here|no user |\
         no valid recipients|no local mailbox|user not found|user not known|\
         user not exist|user is not found|user is unknown|user does not exist|\
         user doesn't exist|user not listed|user doesn't have|user unrecognized|\
         address unknown|address not found|address does not exist|address doesn't exist|\
         address not known|address not listed|addressee unknown|email address not|\
         email address you entered couldn't be found|wasn't found at|couldn't be found|\
         could not be found|bad destination mailbox|bad destination email|bad recipient|\
         bad address|not a valid mailbox|not a valid user|not a valid recipient|\
         not a known user|not a registered|not our customer|not in our|not listed in|\
         not in directory|is not recognized|not recognised|mailbox not found|\
         mailbox does not exist|mailbox doesn't exist|mailbox unknown|\
         mailbox not available|mailbox unavailable|mailbox is unavailable|\
         mailbox invalid|account does not exist|account not found|\
         account that you tried to reach does not|doesn't have an account|\
         does not have an account|doesn't exist on this|does not exist here|\
         does not exist|doesn't exist|undeliverable address|unrouteable address|\
         unroutable address|failed recipient|recipnotfound|recipientnotfound|\
         recipient addresses rejected : access denied|\
         recipient address rejected: undeliverable|ldap lookup failed: no|\
         adresse destinataire invalide|destinataire inconnu|utilisateur inconnu|\
         adresse inconnue|n'existe pas|empfänger unbekannt|empfaenger unbekannt|\
         unbekannter empfänger|unbekannter benutzer|benutzer unbekannt|adresse unbekannt|\
         existiert nicht|nicht gefunden|usuario desconocido|usuario no existe|no existe|\
         destinatario sconosciuto|utente sconosciuto|non esiste|bestaat niet|onbekende|\
         usuário desconhecido|não existe|nie istnieje|nieznany|okänd|не существует|\
         не найден|ディレクトリのリストにありません|ディレクトリには見つかりません|見つかりません|存在しません|宛先不明|不存在|用户不存在|\
         000c05a6|000c0595",
    ),
    (
        Reason::Network,
        "connection refused|connection reset|connection timed out|connection time-out|\
         connection timeout|connection lost|connection dropped|connection was dropped|\
         connection closed|connection failed|connection error|lost connection|\
         timed out while|timed out after|operation timed out|timeout during|\
         timeout while|no route to host|network is unreachable|network unreachable|\
         network error|host unreachable|host not reachable|host is unreachable|\
         host is not responding|remote host is not responding|not responding|\
         did not respond|did not accept our requests to connect|unable to connect|\
         could not connect|cannot connect|couldn't connect|establish an smtp connection|\
         socket error|i/o timeout|handshake|tls |starttls|upstream error|\
         error transferring to|maximum retries",
    ),
    (
        Reason::Expired,
        "retry timeout exceeded|retry time not reached|delivery time expired|\
         message expired|message has expired|envelope expired|queue.expired|\
         been in the queue too long|in queue too long|too old|could not be delivered for|\
         not deliver for the last|could not deliver for|cannot send message for|\
         could not send message for|not yet been delivered|not yet delivered|\
         was not delivered within|not delivered within|after multiple retries|\
         unable to deliver in|maximum delivery time|delivery attempts will continue|\
         giving up after|has been delayed|is delayed|still being retried|\
         will be retried for|could not send mail for past|\
         could not send message for past|max queue time",
    ),
    (
        Reason::ServerFault,
        "insufficient system|insufficient disk space|insufficient queue space|\
         no space left|disk full|system full|system error|internal error|\
         internal system error|internal server error|server error|configuration error|\
         local configuration|local error|lock failure|couldn't create|can't create|\
         cannot create|unable to create|input/output error|temporary failure|\
         temporary error|temporarily unavailable|temporary problem|service not available|unable to contact|procmail|\
         maildrop|ldap server|try again later|please try later|\
         resources temporarily|resources exceeded|greylist|graylist|grey-list|\
         system not accepting|administrative prohibition: 4|exec format|command died|\
         error writing message|local delivery failed",
    ),
];

/// Phrases that stand beside many reasons: they count after a code that tells more.
pub(super) const VAGUE: &[(Reason, &str)] = &[
    (
        Reason::Policy,
        "relay|policy|policies|security polic|security reason|for security|access denied|authentication required|\
         authrequired|notauthorized|not authorized|not authorised|not authenticated|\
         unauthenticated sender|authorization|smtp authentication|not permitted|\
         permission|not allowed|not accepted|not verified|not in my|not a member|\
         not member|members only|restricted|restriction|\
         prohibited|\
         sender rejected|sender was rejected|sender address|sender domain|\
         domain of sender|blacklisted|blocked|banned|denied|google groups|\
         may not be mail exchanger|greylisted",
    ),
    (
        Reason::Protocol,
        "syntax error|command not|command parameter|bad sequence|unrecognized command|\
         not implemented|need rcpt|need mail|does not advertise|misconfigured",
    ),
    (
        Reason::ServerFault,
        "service unavailable|service currently unavailable",
    ),
    (
        Reason::Refused,
        "rejected|refused|reject|not accept|unacceptable|unable to deliver|undeliverable|\
         delivery failed|transaction failed|problem occurred",
    ),
];
