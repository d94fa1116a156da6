//! The words by which mail programs are known, all in lower case. A new language is a few words in
//! each table; the tests for it stand beside the code that reads the table.

/// A line of the block that Outlook and others put above the mail that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    From,
    Date,
    To,
    Cc,
    Subject,
}

/// Words for writing, as mail programs use them.
#[rustfmt::skip]
pub(super) const VERBS: &[&str] = &[
    // en, de, nl
    "wrote", "writes", "schrieb", "geschrieben", "schreef", "geschreven",
    // fr, es, it, pt
    "a écrit", "écrit", "escribió", "escribio", "ha escrito", "ha scritto", "scrive", "escreveu",
    // pl, cs
    "napisał", "napisała", "pisze", "napsal", "napsala", "píše",
    // da no sv, fi
    "skrev", "skrevet", "skriver", "kirjoitti", "kirjoittaa",
    // ru, uk
    "написал", "написала", "пишет", "писал", "писала", "пише", "написав", "писав",
    // tr, vi
    "yazdı", "yazmış", "đã viết",
    // ja, zh, ko
    "書きました", "のメール", "写道", "寫道", "写到", "작성", "썼습니다", "님이 씀",
];

/// First words of such lines: prepositions, and week days as programs shorten them.
#[rustfmt::skip]
pub(super) const INTROS: &[&str] = &[
    "on", "am", "le", "el", "il", "em", "op", "w", "dnia", "den", "dne", "på", "vào", "в", "у",
    "mon", "tue", "wed", "thu", "fri", "sat", "sun",
    "mo", "di", "mi", "do", "fr", "sa", "so", "lun", "mar", "mer", "mié", "mie", "jeu", "jue",
    "gio", "ven", "vie", "sam", "sáb", "sab", "dim", "dom", "seg", "ter", "qua", "qui", "sex", "ma",
    "ti", "ke", "to", "pe", "la", "su", "wo", "vr", "za", "zo", "pon", "wt", "śr", "czw", "pt",
    "sob", "niedz", "po", "út", "st", "čt", "pá", "ne", "man", "tir", "tirs", "ons", "tor", "tors",
    "fre", "lør", "søn", "mån", "tis", "lör", "sön", "пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд",
    "paz", "pzt", "sal", "çar", "per", "cum", "cmt", "在", "于", "於",
];

/// Names of header fields as mail programs translate them.
#[rustfmt::skip]
pub(super) const FIELDS: &[(Field, &[&str])] = &[
    (Field::From, &[
        "from", "von", "de", "da", "van", "od", "fra", "från", "lähettäjä", "от", "від", "kimden",
        "gönderen", "差出人", "送信者", "发件人", "寄件者", "보낸 사람", "보낸사람", "từ", "người gửi", "expéditeur",
        "mittente", "remitente", "remetente", "absender", "отправитель", "відправник",
    ]),
    (Field::Date, &[
        "sent", "date", "gesendet", "datum", "envoyé", "envoyé le", "fecha", "enviado",
        "enviado el", "enviado em", "enviada em", "inviato", "data", "verzonden", "wysłano",
        "wysłane", "sendt", "sendt den", "dato", "skickat", "lähetetty", "päivämäärä", "pvm",
        "отправлено", "дата", "надіслано", "відправлено", "gönderildi", "gönderme tarihi", "tarih",
        "送信日時", "日付", "日時", "发送时间", "发送日期", "日期", "寄件日期", "傳送時間", "보낸 날짜", "날짜", "đã gửi", "ngày",
        "ngày gửi", "odesláno", "datum odeslání",
    ]),
    (Field::To, &[
        "to", "an", "à", "a", "para", "aan", "do", "til", "till", "vastaanottaja", "komu", "pro",
        "кому", "kime", "alıcı", "宛先", "收件人", "收件者", "받는 사람", "받는사람", "đến", "tới", "destinataire",
        "destinatario", "empfänger",
    ]),
    (Field::Cc, &[
        "cc", "kopie", "kopia", "kopi", "kopio", "копия", "копія", "bilgi", "抄送", "副本", "참조",
        "copie", "dw", "bcc", "reply-to", "répondre à",
    ]),
    (Field::Subject, &[
        "subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "temat", "emne",
        "ämne", "aihe", "předmět", "тема", "konu", "件名", "主题", "主旨", "主題", "제목", "chủ đề",
        "tiêu đề",
    ]),
];

/// What stands between the dashes above a quoted mail.
#[rustfmt::skip]
pub(super) const ORIGINAL: &[&str] = &[
    "original message", "original-nachricht", "originalnachricht", "ursprüngliche nachricht",
    "message d'origine", "message d’origine", "message original", "message initial",
    "mensaje original", "messaggio originale", "messaggio original", "mensagem original",
    "oorspronkelijk bericht", "oorspronkelijke bericht", "wiadomość oryginalna",
    "oryginalna wiadomość", "oprindelig meddelelse", "opprinnelig melding",
    "ursprungligt meddelande", "originalmeddelande", "alkuperäinen viesti", "původní zpráva",
    "исходное сообщение", "оригинальное сообщение", "вихідне повідомлення",
    "оригінальне повідомлення", "orijinal mesaj", "orijinal ileti", "özgün ileti", "özgün mesaj",
    "元のメッセージ", "オリジナルメッセージ", "原始邮件", "原始郵件", "原始信件", "원본 메시지", "원본 메일", "tin nhắn gốc", "thư gốc",
    "reply message", "quoted text", "reply separator",
];

/// The same above a forwarded mail.
#[rustfmt::skip]
pub(super) const FORWARDED: &[&str] = &[
    "forwarded message", "forwarded by", "weitergeleitete nachricht", "weitergeleitet von",
    "message transféré", "message réexpédié", "message transmis", "mensaje reenviado",
    "messaggio inoltrato", "mensagem encaminhada", "mensagem reencaminhada", "doorgestuurd bericht",
    "wiadomość przekazana", "przekazana wiadomość", "wiadomość przesłana dalej", "videresendt",
    "vidarebefordrat", "vidarebefordrade", "edelleenlähetetty", "välitetty viesti",
    "přeposlaná zpráva", "пересылаемое сообщение", "пересланное сообщение",
    "переслане повідомлення", "iletilen mesaj", "yönlendirilmiş", "iletilmiş", "転送されたメッセージ",
    "转发的邮件", "转发邮件", "轉寄郵件", "轉寄的郵件", "전달된 메시지", "전달된 메일", "thư được chuyển tiếp",
    "tin nhắn được chuyển tiếp", "begin forwarded", "anfang der weitergeleiteten",
    "début du message", "inizio messaggio", "inicio del mensaje", "início da mensagem",
    "begin doorgestuurd", "start på videresendt", "początek przekazywanej", "začátek přeposílané",
    "начало переадресованного", "початок листа", "下面是被转发的邮件", "以下是被转发的邮件",
];

/// What machines ask for above the mail that is to be answered.
#[rustfmt::skip]
pub(super) const REPLY_ABOVE: &[&str] = &[
    "reply above this line", "type your reply above", "write above this line",
    "antworten sie über dieser zeile", "antworten sie oberhalb dieser zeile",
    "répondre au-dessus de cette ligne", "responda encima de esta línea",
    "rispondere sopra questa riga", "responda acima desta linha", "antwoord boven deze lijn",
];

/// How such footers begin.
#[rustfmt::skip]
pub(super) const FOOTERS: &[&str] = &[
    "sent from", "sent via", "sent using", "sent with", "get outlook for", "get bluemail",
    "von meinem", "gesendet von", "gesendet mit", "gesendet aus", "diese nachricht wurde von mein",
    "holen sie sich outlook", "outlook für", "envoyé de", "envoyé depuis", "envoyé à partir",
    "télécharger outlook", "obtenez outlook", "enviado desde", "enviado a través",
    "obtener outlook", "inviato da", "scarica outlook", "ottieni outlook", "enviado do",
    "enviado da", "enviado de", "obter o outlook", "verzonden vanaf", "verstuurd vanaf",
    "verzonden met", "verstuurd met", "outlook voor", "wysłane z", "wysłano z",
    "pobierz program outlook", "sendt fra", "sendt med", "hent outlook", "få outlook",
    "skickat från", "skickades från", "hämta outlook", "lähetetty", "hanki outlook", "odesláno z",
    "získat outlook", "отправлено с", "отправлено из", "надіслано з", "надіслано із", "发自我的",
    "發自我的", "从我的", "從我的", "获取outlook", "取得 outlook", "được gửi từ", "đã gửi từ", "gửi từ", "나의 ",
    "내 ",
];

/// How they end in languages that put the device first.
#[rustfmt::skip]
pub(super) const FOOTER_ENDS: &[&str] = &[
    "gönderildi", "から送信", "から送信されました", "에서 보냄", "发送", "傳送",
];

/// What mail is sent from.
#[rustfmt::skip]
pub(super) const DEVICES: &[&str] = &[
    "iphone", "ipad", "ipod", "android", "samsung", "galaxy", "blackberry", "huawei", "xiaomi",
    "redmi", "nokia", "htc", "sony", "xperia", "pixel", "oneplus", "windows", "outlook", "yahoo",
    "gmail", "gmx", "web.de", "proton", "tuta", "bluemail", "aquamail", "k-9", "fairemail",
    "thunderbird", "spark", "mail app", "mail-app", "mail for", "mail für", "phone", "mobile",
    "mobil", "smartphone", "handy", "tablet", "telefon", "téléphone", "móvil", "celular",
    "telemóvel", "cellulare", "puhelim", "телефон", "手机", "手機", "携帯", "스마트폰",
];
