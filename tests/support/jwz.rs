//! How mail programs sort mails into threads, after the algorithm that Jamie Zawinski has described
//! (<https://www.jwz.org/doc/threading.html>), with the gathering of threads by subject.
//!
//! One thing the description leaves open: a mail without References stays where those of others have
//! put it.

use std::collections::HashMap;

/// What the algorithm looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub id: String,
    /// Oldest first.
    pub references: Vec<String>,
    pub subject: String,
}

/// Sorted mails.
#[derive(Debug, Default)]
pub struct Threads {
    containers: Vec<Container>,
    places: HashMap<String, usize>,
    roots: Vec<usize>,
}

/// A place in the tree; empty for a mail that others name but that isn't there.
#[derive(Debug, Default)]
struct Container {
    id: String,
    /// Index of its mail and that mail's subject.
    mail: Option<(usize, String)>,
    parent: Option<usize>,
    children: Vec<usize>,
}

impl Threads {
    pub fn of(mails: &[Mail]) -> Self {
        let mut threads = Self::default();
        for (number, mail) in mails.iter().enumerate() {
            threads.take(number, mail);
        }
        let all = 0..threads.containers.len();
        threads.roots = all
            .filter(|place| threads.containers[*place].parent.is_none())
            .collect();
        threads.prune();
        threads.gather_by_subject();
        threads
    }

    /// The threads, each as the indices of its mails in order.
    pub fn all(&self) -> Vec<Vec<usize>> {
        let mut all: Vec<Vec<usize>> = self.roots.iter().map(|root| self.below(*root)).collect();
        all.sort();
        all
    }

    /// The id that this one is shown below.
    pub fn parent(&self, id: &str) -> Option<&str> {
        let parent = self.containers[*self.places.get(id)?].parent?;
        Some(&self.containers[parent].id)
    }

    /// Step 1: the mail's place, and what it says of others.
    fn take(&mut self, number: usize, mail: &Mail) {
        let mut place = self.place(&mail.id);
        if self.containers[place].mail.is_some() {
            place = self.place(&format!("{} again {number}", mail.id));
        }
        self.containers[place].mail = Some((number, mail.subject.clone()));
        let chain: Vec<usize> = mail.references.iter().map(|id| self.place(id)).collect();
        for pair in chain.windows(2) {
            let is_free = self.containers[pair[1]].parent.is_none();
            if is_free && !self.would_circle(pair[1], pair[0]) {
                self.link(pair[1], pair[0]);
            }
        }
        // What a mail says of itself counts more than what others say of it.
        if let Some(parent) = chain.last()
            && !self.would_circle(place, *parent)
        {
            self.unlink(place);
            self.link(place, *parent);
        }
    }

    fn place(&mut self, id: &str) -> usize {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        self.containers.push(Container {
            id: id.to_owned(),
            ..Container::default()
        });
        self.places.insert(id.to_owned(), self.containers.len() - 1);
        self.containers.len() - 1
    }

    fn would_circle(&self, child: usize, parent: usize) -> bool {
        let mut next = Some(parent);
        while let Some(here) = next {
            if here == child {
                return true;
            }
            next = self.containers[here].parent;
        }
        false
    }

    fn link(&mut self, child: usize, parent: usize) {
        self.containers[child].parent = Some(parent);
        self.containers[parent].children.push(child);
    }

    fn unlink(&mut self, child: usize) {
        if let Some(parent) = self.containers[child].parent.take() {
            self.containers[parent].children.retain(|it| *it != child);
        }
    }

    /// Step 4: empty places at the top whose only child may as well stand there itself, or without
    /// any. Those further below change no thread.
    fn prune(&mut self) {
        let mut roots = Vec::new();
        for root in std::mem::take(&mut self.roots) {
            let mut root = root;
            loop {
                let container = &self.containers[root];
                match (container.mail.is_some(), container.children.as_slice()) {
                    (false, []) => break,
                    (false, [only]) => {
                        let only = *only;
                        self.unlink(only);
                        root = only;
                    }
                    _ => {
                        roots.push(root);
                        break;
                    }
                }
            }
        }
        self.roots = roots;
    }

    /// Step 5: threads of the same subject are one.
    fn gather_by_subject(&mut self) {
        let mut table: HashMap<String, usize> = HashMap::new();
        for root in &self.roots {
            let (base, is_reply) = bare(&self.subject(*root));
            if base.is_empty() {
                continue;
            }
            let is_better = |other: &usize| {
                let is_empty = |place: usize| self.containers[place].mail.is_none();
                is_empty(*root) && !is_empty(*other) || bare(&self.subject(*other)).1 && !is_reply
            };
            if table.get(&base).is_none_or(is_better) {
                table.insert(base, *root);
            }
        }
        let mut roots = Vec::new();
        for root in std::mem::take(&mut self.roots) {
            let (base, _) = bare(&self.subject(root));
            match table.get(&base) {
                Some(other) if *other != root => self.link(root, *other),
                _ => roots.push(root),
            }
        }
        self.roots = roots;
    }

    fn subject(&self, place: usize) -> String {
        let container = &self.containers[place];
        match (&container.mail, container.children.first()) {
            (Some((_, subject)), _) => subject.clone(),
            (None, Some(first)) => self.subject(*first),
            (None, None) => String::new(),
        }
    }

    fn below(&self, root: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut next = vec![root];
        while let Some(place) = next.pop() {
            let container = &self.containers[place];
            found.extend(container.mail.as_ref().map(|(number, _)| *number));
            next.extend(&container.children);
        }
        found.sort_unstable();
        found
    }
}

/// The subject without its prefixes, and whether it had any.
fn bare(subject: &str) -> (String, bool) {
    let mut rest = subject.trim();
    let mut is_reply = false;
    while let Some((head, after)) = rest.split_once(':') {
        if !["re", "aw", "fwd", "fw"].contains(&head.to_lowercase().as_str()) {
            break;
        }
        is_reply = true;
        rest = after.trim_start();
    }
    (rest.to_owned(), is_reply)
}
