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

/// Words for writing, as mail programs use them. One word each: of "a écrit" the last is enough.
#[rustfmt::skip]
pub(super) const VERBS: &[&str] = &[
    // en, de, nl
    "wrote", "writes", "schrieb", "geschrieben", "schreef", "geschreven",
    // fr, es, it, pt, gl, ca, ro
    "écrit", "escribió", "escribio", "escrito", "scritto", "scrive", "escreveu", "escribiu",
    "escriure", "escrit", "scris",
    // pl, cs, sk, hr, sr, sl
    "napisał", "napisała", "napisana", "pisze", "napsal", "napsala", "píše", "napísal", "napísala", "napisao",
    "napisala", "napisal", "написао", "написала", "piše",
    // da no sv is, fi, et, lv, lt, hu
    "skrev", "skrevet", "skriver", "skrifaði", "kirjoitti", "kirjoittaa", "kirjutas", "rakstīja",
    "rašė", "parašė", "írta",
    // ru, uk, be, bg, mk
    "написал", "пишет", "писал", "писала", "пише", "написав", "писав", "піша", "напісаў", "написа",
    "напиша",
    // el, tr, vi, id and ms
    "έγραψε", "yazdı", "yazmış", "viết", "menulis",
    // he, ar, fa, hi
    "כתב", "כתבה", "מאת", "كتب", "كتبت", "نوشت", "लिखा",
];

/// The same in languages that put no spaces between words.
#[rustfmt::skip]
pub(super) const UNSPACED_VERBS: &[&str] = &[
    "書きました", "書いた", "のメール", "のメッセージ", "写道", "寫道", "写到", "寫到", "작성", "썼습니다", "님이 씀", "เขียน",
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
    "paz", "pzt", "sal", "çar", "per", "cum", "cmt", "pe", "στις", "בתאריך", "في", "на", "dana", "ut",
    "uto", "sri", "čet", "pet", "sub", "ned", "pada", "ons", "lør", "h", "k", "sze", "cs", "szo", "v",
    "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье",
    "joi", "vin", "sâm", "dum", "mie", "dne", "al", "dia", "në", "ในวันที่",
];

/// How authors name themselves where they tell what was written, in the case that they use.
#[rustfmt::skip]
pub(super) const OURSELVES: &[&str] = &[
    "me", "us", "we", "I", "mir", "uns", "ich", "wir", "nous", "m'a", "m’a", "yo", "nosotros", "noi",
    "io", "ci", "eu", "nós", "mij", "ons", "ik", "wij", "mig", "oss", "jag", "jeg", "meg",
    "nam", "mně", "nám", "jsem", "minulle", "meille", "мне", "нам", "мы", "мені", "ми", "bana", "bize",
    "nekem", "nekünk", "mi", "tôi", "我", "我们",
];

/// Names of fields for a date that stand in ordinary forms, too. All others say that it was sent.
#[rustfmt::skip]
pub(super) const DATES: &[&str] = &[
    "date", "datum", "fecha", "data", "dato", "päivämäärä", "pvm", "дата", "tarih", "日付", "日時", "日期",
    "날짜", "ngày", "dátum", "dată", "ημερομηνία", "תאריך", "التاريخ", "tanggal", "วันที่", "时间",
];

/// Names of header fields as mail programs translate them.
#[rustfmt::skip]
pub(super) const FIELDS: &[(Field, &[&str])] = &[
    (Field::From, &[
        "from", "von", "de", "da", "van", "od", "fra", "från", "lähettäjä", "от", "від", "kimden",
        "gönderen", "差出人", "送信者", "发件人", "寄件者", "보낸 사람", "보낸사람", "từ", "người gửi", "expéditeur",
        "mittente", "remitente", "remetente", "absender", "отправитель", "відправник", "feladó", "de la",
        "από", "מאת", "من", "šalje", "pošiljatelj", "odesílatel", "odosielateľ", "saatja", "no", "nuo",
        "frá", "dari", "จาก", "发件人", "寄件人", "送信元",
    ]),
    (Field::Date, &[
        "sent", "date", "gesendet", "datum", "envoyé", "envoyé le", "fecha", "enviado",
        "enviado el", "enviado em", "enviada em", "inviato", "data", "verzonden", "wysłano",
        "wysłane", "sendt", "sendt den", "dato", "skickat", "lähetetty", "päivämäärä", "pvm",
        "отправлено", "дата", "надіслано", "відправлено", "gönderildi", "gönderme tarihi", "tarih",
        "送信日時", "日付", "日時", "发送时间", "发送日期", "日期", "寄件日期", "傳送時間", "보낸 날짜", "날짜", "đã gửi", "ngày",
        "ngày gửi", "odesláno", "datum odeslání", "odoslané", "dátum", "elküldve", "küldve", "trimis",
        "trimis la", "dată", "εστάλη", "στάλθηκε", "ημερομηνία", "נשלח", "תאריך", "تم الإرسال", "التاريخ",
        "изпратено", "poslano", "saadetud", "nosūtīts", "išsiųsta", "sent at", "sent on", "dikirim",
        "tanggal", "ส่ง", "วันที่", "fecha de envío", "data de envio", "date d'envoi", "时间", "发送于",
    ]),
    (Field::To, &[
        "to", "an", "à", "a", "para", "aan", "do", "til", "till", "vastaanottaja", "komu", "pro",
        "кому", "kime", "alıcı", "宛先", "收件人", "收件者", "받는 사람", "받는사람", "đến", "tới", "destinataire",
        "destinatario", "empfänger", "címzett", "către", "catre", "προς", "אל", "إلى", "до", "za", "prima",
        "primatelj", "kepada", "ถึง", "adresát", "kam", "kellele", "kam", "per", "destinatário",
    ]),
    (Field::Cc, &[
        "cc", "kopie", "kopia", "kopi", "kopio", "копия", "копія", "bilgi", "抄送", "副本", "참조",
        "copie", "dw", "bcc", "cco", "cci", "reply-to", "répondre à", "antwort an", "responder a",
        "rispondi a", "kópia", "kópie", "másolatot kap", "másolat", "κοιν", "κοινοποίηση", "העתק", "نسخة",
        "organization", "organisation", "importance", "wichtigkeit", "priority", "attachments",
        "anlagen", "importancia", "répondre", "category", "ук", "sao chép",
    ]),
    (Field::Subject, &[
        "subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "temat", "emne",
        "ämne", "aihe", "předmět", "тема", "konu", "件名", "主题", "主旨", "主題", "제목", "chủ đề",
        "tiêu đề", "tárgy", "subiect", "θέμα", "נושא", "הנדון", "الموضوع", "относно", "predmet", "naslov",
        "teema", "temats", "efni", "perihal", "subjek", "เรื่อง", "assumpte", "onderwerp van", "sujet", "re",
        "主 题", "ämne/rubrik", "betr", "betrifft",
    ]),
];

/// What stands between the dashes above a quoted mail.
#[rustfmt::skip]
pub(super) const ORIGINAL: &[&str] = &[
    "original message", "original-nachricht", "original nachricht", "originalnachricht", "ursprüngliche nachricht",
    "message d'origine", "message d’origine", "message original", "message initial",
    "mensaje original", "messaggio originale", "messaggio original", "mensagem original",
    "oorspronkelijk bericht", "oorspronkelijke bericht", "wiadomość oryginalna",
    "oryginalna wiadomość", "oprindelig meddelelse", "opprinnelig melding",
    "ursprungligt meddelande", "originalmeddelande", "alkuperäinen viesti", "původní zpráva",
    "исходное сообщение", "оригинальное сообщение", "вихідне повідомлення",
    "оригінальне повідомлення", "orijinal mesaj", "orijinal ileti", "özgün ileti", "özgün mesaj",
    "元のメッセージ", "オリジナルメッセージ", "原始邮件", "原始郵件", "原始信件", "원본 메시지", "원본 메일", "tin nhắn gốc", "thư gốc",
    "reply message", "quoted text", "reply separator", "quoted message", "previous message",
    "antwort nachricht", "urspr. nachricht", "message précédent", "eredeti üzenet", "mesaj original",
    "mesajul original", "αρχικό μήνυμα", "הודעה מקורית", "الرسالة الأصلية", "رسالة أصلية",
    "оригинално съобщение", "izvorna poruka", "originalna poruka", "pôvodná správa",
    "izvirno sporočilo", "algne sõnum", "algsõnum", "sākotnējais ziņojums", "originalus laiškas",
    "upprunaleg skilaboð", "pesan asli", "mesej asal", "ข้อความต้นฉบับ", "missatge original",
    "citando", "転送元", "返信元メッセージ", "原邮件", "原始訊息", "回复的邮件", "원본메세지", "original email", "original appointment",
    "originaltermin", "original mail",
];

/// The same above a forwarded mail.
#[rustfmt::skip]
pub(super) const FORWARDED: &[&str] = &[
    "forwarded message", "forwarded by", "weitergeleitete nachricht", "weitergeleitet von",
    "message transféré", "message réexpédié", "message transmis", "mensaje reenviado",
    "messaggio inoltrato", "mensagem encaminhada", "mensagem reencaminhada", "doorgestuurd bericht",
    "wiadomość przekazana", "przekazana wiadomość", "wiadomość przesłana dalej", "videresendt",
    "vidarebefordrat", "vidarebefordrade", "edelleenlähetetty", "välitetty viesti",
    "přeposlan", "перенаправлен", "treść przekazanej", "пересылаемое сообщение", "пересланное сообщение",
    "переслане повідомлення", "iletilen mesaj", "yönlendirilmiş", "iletilmiş", "転送されたメッセージ",
    "转发的邮件", "转发邮件", "轉寄郵件", "轉寄的郵件", "전달된 메시지", "전달된 메일", "thư được chuyển tiếp",
    "tin nhắn được chuyển tiếp", "begin forwarded", "anfang der weitergeleiteten",
    "début du message", "inizio messaggio", "inicio del mensaje", "início da mensagem",
    "begin doorgestuurd", "start på videresendt", "początek przekazywanej", "začátek přeposílané",
    "továbbított üzenet", "mesaj redirecționat", "mesaj redirectionat", "προωθημένο μήνυμα",
    "הודעה שהועברה", "رسالة معاد توجيهها", "الرسالة المعاد", "препратено съобщение",
    "proslijeđena poruka", "preposlaná správa", "posredovano sporočilo", "edastatud kiri",
    "pārsūtīts ziņojums", "persiųstas laiškas", "pesan terusan", "ข้อความที่ส่งต่อ",
    "missatge reenviat", "начало переадресованного", "початок листа", "下面是被转发的邮件", "以下是被转发的邮件",
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
    "내 ", "küldve", "trimis de pe", "trimis din", "εστάλη από", "στάλθηκε από", "נשלח מ", "أرسلت من",
    "تم الإرسال من", "изпратено от", "poslano s", "poslané z", "odoslané z", "saadetud minu",
    "dikirim dari", "ส่งจาก", "enviat des", "diese e-mail wurde von", "gesendet über", "envoyé via",
    "envoyé avec", "inviato con", "enviado con", "enviado com", "enviado via", "enviado por",
    "verzonden via", "wysłano przy", "skickat med", "skickat via", "sendt via", "from my ", "on the go",
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

/// How people take leave in a letter, at the start of the line.
#[rustfmt::skip]
pub(super) const SIGN_OFFS: &[&str] = &[
    "best regards", "kind regards", "regards", "warm regards", "many thanks", "best wishes", "best",
    "sincerely", "yours sincerely", "yours faithfully", "cheers", "thanks", "thank you",
    "mit freundlichen grüßen", "mit freundlichen grüssen", "mit freundlichem gruß", "mfg",
    "viele grüße", "beste grüße", "freundliche grüße", "liebe grüße", "herzliche grüße", "gruß",
    "cordialement", "bien cordialement", "bien à vous", "salutations", "sincères salutations",
    "saludos", "un saludo", "saludos cordiales", "atentamente", "cordiali saluti",
    "distinti saluti", "saluti", "atenciosamente", "cumprimentos", "abraços", "met vriendelijke groet",
    "met vriendelijke groeten", "groeten", "mvg", "pozdrawiam", "z poważaniem",
    "med venlig hilsen", "venlig hilsen", "mvh", "med vennlig hilsen", "vennlig hilsen", "hilsen",
    "med vänliga hälsningar", "vänliga hälsningar", "hälsningar", "ystävällisin terveisin",
    "terveisin", "с уважением", "с наилучшими пожеланиями", "з повагою", "s pozdravem",
    "s pozdravom", "saygılarımla", "iyi çalışmalar", "üdvözlettel", "tisztelettel",
    "cu stimă", "με εκτίμηση", "בברכה", "مع تحياتي", "с уважение", "s poštovanjem", "lep pozdrav",
    "此致", "敬具", "よろしくお願いいたします", "よろしくお願いします", "감사합니다", "trân trọng",
];

/// Words of legal notices. Two or three of them in one long paragraph make it one.
#[rustfmt::skip]
pub(super) const NOTICE_PHRASES: &[&str] = &[
    // en
    "confidential", "privileged", "intended recipient", "intended solely", "intended only",
    "received this", "in error", "notify the sender", "delete this", "delete it", "unauthorized",
    "unauthorised", "disclosure", "prohibited", "dissemination", "any attachments", "viruses",
    "addressee", "addressed", "liability",
    // de
    "vertraulich", "empfänger", "irrtümlich", "unbefugt", "nicht gestattet", "vernichten",
    "informieren sie", "rechtlich geschützt", "weitergabe", "absender",
    // fr
    "confidentiel", "destinataire", "par erreur", "expéditeur", "toute diffusion", "interdite",
    "usage exclusif", "détruire", "pièces jointes",
    // es, pt, it
    "confidencial", "destinatario", "por error", "remitente", "prohibid", "eliminar",
    "destinatário", "por engano", "remetente", "proibid", "riservat", "per errore", "mittente",
    "vietat", "esclusivamente", "allegati",
    // nl
    "vertrouwelijk", "geadresseerde", "bestemd voor", "afzender", "verwijderen", "niet toegestaan",
    // pl, cs
    "poufne", "adresat", "nadawc", "zabronion", "usunięcie", "důvěrné", "příjemc", "odesílatel",
    // da no sv, fi
    "fortrolig", "konfidensiel", "modtager", "mottaker", "avsender", "afsender", "konfidentiell",
    "mottagare", "avsändare", "luottamuksellinen", "vastaanottaja", "lähettäjälle",
    // ru, uk, tr
    "конфиденциальн", "получател", "отправител", "уничтож", "конфіденційн", "одержувач",
    "відправник", "gizli", "alıcı", "gönderen", "yasaktır",
    // hu, ro, el
    "bizalmas", "címzett", "feladó", "confidențial", "destinatarul", "εμπιστευτικ", "παραλήπτη",
    // zh, ja, ko
    "机密", "保密", "收件人", "機密", "誤って", "受信者", "기밀", "수신인", "발신인",
];

/// What stands above them.
#[rustfmt::skip]
pub(super) const NOTICE_HEADINGS: &[&str] = &[
    "disclaimer", "confidential", "legal notice", "privacy notice", "haftungsausschluss",
    "vertraulich", "rechtlicher hinweis", "avertissement", "confidentiel", "aviso legal", "avviso",
    "riservatezza", "confidencial", "vertrouwelijk", "klauzula", "免责声明", "免責",
];

/// Advice that programs and companies put below mails.
#[rustfmt::skip]
pub(super) const ADVICE: &[&str] = &[
    "consider the environment", "think before you print", "before printing this", "virus-free",
    "scanned for viruses", "checked for viruses", "scanned by", "umwelt zuliebe", "an die umwelt",
    "virenfrei", "auf viren geprüft", "garanti sans virus", "libre de virus", "privo di virus",
    "livre de vírus", "virusvrij", "pensez à l'environnement", "pensez à l’environnement",
    "medio ambiente antes de imprimir", "antes de imprimir", "prima di stampare",
    "denk aan het milieu", "проверено на вирусы",
];

/// Words in footers of mailing lists.
#[rustfmt::skip]
pub(super) const LIST_WORDS: &[&str] = &[
    "mailman/listinfo", "unsubscribe", "google groups", "groups.google",
    "mailingliste", "abbestellen", "abmelden", "se désabonner", "désinscri", "liste de diffusion",
    "lista de correo", "darse de baja", "lista de discussão", "отписаться",
    "listserv",
];
