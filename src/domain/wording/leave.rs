//! What the pages say by which somebody leaves a broadcast.

/// One page: a heading, a paragraph, and perhaps a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    pub text: String,
    pub button: Option<String>,
}

/// `address` is masked.
#[must_use]
pub fn ask(broadcast: &str, address: &str) -> Page {
    Page {
        title: format!("Leave “{broadcast}”?"),
        text: format!("{address} would get no more of these mails."),
        button: Some("Leave".to_owned()),
    }
}

#[must_use]
pub fn left(broadcast: &str, address: &str, may_stay: bool) -> Page {
    let by_mistake = if may_stay { " Was that a mistake?" } else { "" };
    Page {
        title: format!("You have left “{broadcast}”"),
        text: format!("{address} gets no more of these mails.{by_mistake}"),
        button: may_stay.then(|| "Stay after all".to_owned()),
    }
}

#[must_use]
pub fn unknown_link() -> Page {
    Page {
        title: "There is nothing here".to_owned(),
        text:
            "This address is not whole, or no longer good. If you want to leave a list, take the \
               link from its latest mail, or just answer that mail and say so."
                .to_owned(),
        button: None,
    }
}

#[must_use]
pub fn out_of_order() -> Page {
    Page {
        title: "That did not work".to_owned(),
        text: "Please try again in a few minutes.".to_owned(),
        button: None,
    }
}
