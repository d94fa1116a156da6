//! Who is where, as the promises have it: people, and the conversations of one room in which they are.

use std::collections::{BTreeMap, BTreeSet};

pub type Person = usize;
/// The room itself, or one of its threads.
pub type Place = Option<usize>;

pub const PEOPLE: [(&str, &str); 5] = [
    ("jane@acme.com", "jane"),
    ("jim@acme.com", "jim"),
    ("bob@beta.example", "bob"),
    ("carl@partner.example", "carl"),
    ("dora@partner.example", "dora"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Member,
    Guest,
    Offered,
    Out,
}

#[derive(Debug, Default)]
struct Conversation {
    customer: BTreeSet<Person>,
    place: Place,
    is_open: bool,
    /// Closed since everybody has left.
    is_deserted: bool,
    roles: BTreeMap<Person, Role>,
}

/// Something that was said.
#[derive(Debug)]
pub struct Message {
    /// What only this message says.
    pub word: String,
    place: Place,
    meant_for: BTreeSet<Person>,
    /// Wrote it, or got it from who did.
    had_by: BTreeSet<Person>,
    /// Have left before they got it.
    perhaps: BTreeSet<Person>,
}

/// Whether a message is for somebody.
pub enum Meant {
    Yes,
    Perhaps,
    No,
}

impl Message {
    pub fn meant_for(&self, person: Person) -> Meant {
        if self.perhaps.contains(&person) {
            Meant::Perhaps
        } else if self.meant_for.contains(&person) {
            Meant::Yes
        } else {
            Meant::No
        }
    }

    /// Whether somebody may read it in a quote.
    pub fn may_be_quoted_to(&self, person: Person) -> bool {
        self.meant_for.contains(&person) || self.had_by.contains(&person)
    }
}

pub struct Model {
    /// Only what staff say goes out.
    is_broadcast: bool,
    /// In the order in which they were opened first.
    conversations: Vec<Conversation>,
    left: BTreeSet<Person>,
    messages: Vec<Message>,
}

impl Model {
    pub fn new(is_broadcast: bool) -> Self {
        Self {
            is_broadcast,
            conversations: Vec::new(),
            left: BTreeSet::new(),
            messages: Vec::new(),
        }
    }

    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub fn has_left(&self, person: Person) -> bool {
        self.left.contains(&person)
    }

    pub fn staff_say(&mut self, place: Place) -> String {
        let readers = self.readers(place, &BTreeSet::new());
        self.say(place, readers, BTreeSet::new())
    }

    pub fn staff_note(&mut self) -> String {
        self.say(None, BTreeSet::new(), BTreeSet::new())
    }

    fn say(
        &mut self,
        place: Place,
        meant_for: BTreeSet<Person>,
        had_by: BTreeSet<Person>,
    ) -> String {
        let word = format!("word{}said", self.messages.len());
        self.messages.push(Message {
            word: word.clone(),
            place,
            meant_for,
            had_by,
            perhaps: BTreeSet::new(),
        });
        word
    }

    /// Where the words of a letter were said.
    pub fn place_of(&self, letter: &str) -> Place {
        let lines: Vec<&str> = letter.lines().filter(|it| !it.starts_with('>')).collect();
        let text = lines.join("\n");
        let found = self.messages.iter().find(|it| text.contains(&it.word));
        found.and_then(|message| message.place)
    }

    /// The only open conversation of that place in which the person is.
    pub fn only_conversation(&self, person: Person, place: Place) -> Option<usize> {
        let mut all = self
            .open()
            .filter(|id| self.conversations[*id].place == place && self.is_in(*id, person));
        let first = all.next()?;
        all.next().is_none().then_some(first)
    }

    /// A mail; what it says, and who is offered to staff by it. Whom one that proves its sender copies in
    /// is a guest; a guest's that doesn't is shown nowhere.
    pub fn answer(
        &mut self,
        from: usize,
        by: Person,
        copied: &[Person],
        is_proven: bool,
    ) -> (String, BTreeSet<Person>) {
        let mut had = BTreeSet::from([by]);
        let mut offered = BTreeSet::new();
        let role = self.conversations[from].roles.get(&by).copied();
        let is_member = role == Some(Role::Member);
        if !is_member && !is_proven {
            let place = self.conversations[from].place;
            return (self.say(place, BTreeSet::new(), had), offered);
        }
        for person in copied {
            let place = self.conversations[from].place;
            let of = |id: &usize| self.conversations[*id].roles.get(person).copied();
            let is_there = |id: &usize| matches!(of(id), Some(Role::Member | Role::Guest));
            let reads_along = |id: &usize| {
                let it = &self.conversations[*id];
                let is_near =
                    it.place == place || it.place.is_none() && of(id) == Some(Role::Member);
                is_there(id) && (*id == from || it.is_open && is_near)
            };
            let everywhere = 0..self.conversations.len();
            let along: Vec<usize> = everywhere.clone().filter(reads_along).collect();
            let customer = &self.conversations[from].customer;
            let is_out = everywhere.clone().any(|id| of(&id) == Some(Role::Out));
            if self.left.contains(person) || along.is_empty() && is_out {
                if is_member {
                    let roles = &mut self.conversations[from].roles;
                    roles.entry(*person).or_insert(Role::Out);
                }
            } else if !along.is_empty() {
                let mut along = along.iter();
                if along.any(|id| self.conversations[*id].customer == *customer) {
                    had.insert(*person);
                }
            } else if is_member && is_proven {
                let roles = &mut self.conversations[from].roles;
                roles.insert(*person, Role::Guest);
                had.insert(*person);
            } else if of(&from) == Some(Role::Offered) {
                had.insert(*person);
            } else if is_member {
                had.insert(*person);
                let roles = &mut self.conversations[from].roles;
                roles.insert(*person, Role::Offered);
                offered.insert(*person);
            }
        }
        let place = self.conversations[from].place;
        let mut readers = BTreeSet::new();
        if !self.is_broadcast {
            readers = self.readers(place, &had);
            readers.retain(|person| !had.contains(person));
        }
        (self.say(place, readers, had), offered)
    }

    pub fn admit(&mut self, conversation: usize, person: Person) {
        if !self.conversations[conversation].is_open {
            return;
        }
        self.left.remove(&person);
        self.let_in(conversation, person);
    }

    fn let_in(&mut self, conversation: usize, person: Person) {
        let Conversation {
            customer, place, ..
        } = &self.conversations[conversation];
        let (customer, place) = (customer.clone(), *place);
        for (id, it) in self.conversations.iter_mut().enumerate() {
            let is_its_thread = place.is_none() && it.customer == customer && it.is_open;
            if id == conversation || is_its_thread {
                it.roles.insert(person, Role::Member);
            }
        }
    }

    pub fn add(&mut self, people: &[Person]) {
        let mut new = Vec::new();
        let mut admitted = Vec::new();
        for person in people {
            let is_member = |id: &usize| {
                let it = &self.conversations[*id];
                it.place.is_none() && self.members(*id).contains(person)
            };
            if self.open().any(|id| is_member(&id)) {
                continue;
            }
            let place = self.open().find(|id| self.is_in(*id, *person));
            let main = place.and_then(|id| self.main_of(&self.conversations[id].customer));
            match main {
                Some(main) => admitted.push((main, *person)),
                None => new.push(*person),
            }
        }
        for (main, person) in admitted {
            self.admit(main, person);
        }
        let comes_back = |person: &Person| self.left.contains(person);
        let (back, mut new): (Vec<Person>, Vec<Person>) = new.into_iter().partition(comes_back);
        for person in back {
            self.left.remove(&person);
            let mains: Vec<usize> = self.places(person).filter(|id| self.is_main(*id)).collect();
            for main in &mains {
                self.let_in(*main, person);
            }
            if mains.is_empty() {
                new.push(person);
            }
        }
        if !new.is_empty() {
            self.open_for(&new.into_iter().collect());
        }
    }

    fn open_for(&mut self, customer: &BTreeSet<Person>) {
        let mut has_main = false;
        for it in &mut self.conversations {
            if it.customer != *customer {
                continue;
            }
            has_main |= it.place.is_none();
            if !it.is_open {
                it.dismiss();
            }
            it.admit_all(customer);
        }
        if !has_main {
            self.open_new(customer.clone(), None, customer);
        }
    }

    fn open_new(&mut self, customer: BTreeSet<Person>, place: Place, people: &BTreeSet<Person>) {
        let mut new = Conversation {
            customer,
            place,
            ..Conversation::default()
        };
        new.admit_all(people);
        self.conversations.push(new);
    }

    pub fn remove(&mut self, person: Person) {
        if !self.open().any(|id| self.is_in(id, person)) {
            return;
        }
        let places: Vec<usize> = self.places(person).collect();
        for id in &places {
            self.conversations[*id].roles.insert(person, Role::Out);
        }
        self.close_without_members(&places, false);
    }

    /// `got` are the words of all that the person has received.
    pub fn leave(&mut self, person: Person, got: &[String]) {
        self.left.insert(person);
        for message in &mut self.messages {
            if message.meant_for.contains(&person) && !got.contains(&message.word) {
                message.perhaps.insert(person);
            }
        }
        let places: Vec<usize> = self.places(person).collect();
        self.close_without_members(&places, true);
    }

    pub fn stay(&mut self, person: Person) {
        self.left.remove(&person);
        for it in &mut self.conversations {
            if it.is_deserted && it.roles.get(&person) == Some(&Role::Member) {
                (it.is_open, it.is_deserted) = (true, false);
            }
        }
    }

    pub fn close_all(&mut self) {
        for it in &mut self.conversations {
            (it.is_open, it.is_deserted) = (false, false);
        }
    }

    fn close_without_members(&mut self, places: &[usize], is_deserted: bool) {
        let customers: BTreeSet<BTreeSet<Person>> = places
            .iter()
            .map(|id| self.conversations[*id].customer.clone())
            .collect();
        for customer in customers {
            let main = self.main_of(&customer);
            let is_kept = main.is_some_and(|id| !self.members(id).is_empty());
            for id in 0..self.conversations.len() {
                let has_members = !self.members(id).is_empty();
                let it = &mut self.conversations[id];
                if it.customer == customer && it.is_open && !(is_kept && has_members) {
                    (it.is_open, it.is_deserted) = (false, is_deserted);
                    it.drop_guests();
                }
            }
        }
    }

    /// Who gets what is said there by somebody, unless all of them had it. Threads begin by it.
    fn readers(&mut self, place: Place, had: &BTreeSet<Person>) -> BTreeSet<Person> {
        let mains: Vec<usize> = self.open().filter(|id| self.is_main(*id)).collect();
        let mut readers = BTreeSet::new();
        for main in mains {
            if place.is_none() {
                readers.extend(self.people(main));
                continue;
            }
            let customer = self.conversations[main].customer.clone();
            let members = self.members(main);
            let thread = (0..self.conversations.len()).find(|id| {
                let it = &self.conversations[*id];
                it.place == place && it.customer == customer
            });
            let is_open = thread.is_some_and(|id| self.conversations[id].is_open);
            match thread {
                Some(id) if is_open => readers.extend(self.people(id)),
                _ if members.is_subset(had) => {}
                Some(id) => {
                    self.conversations[id].dismiss();
                    self.conversations[id].admit_all(&members);
                    readers.extend(members);
                }
                None => {
                    self.open_new(customer, place, &members);
                    readers.extend(members);
                }
            }
        }
        readers
    }

    fn open(&self) -> impl Iterator<Item = usize> {
        (0..self.conversations.len()).filter(|id| self.conversations[*id].is_open)
    }

    fn is_main(&self, id: usize) -> bool {
        self.conversations[id].place.is_none()
    }

    fn main_of(&self, customer: &BTreeSet<Person>) -> Option<usize> {
        self.open()
            .find(|id| self.is_main(*id) && self.conversations[*id].customer == *customer)
    }

    /// Open conversations in which somebody is a member or guest, even if they have left.
    fn places(&self, person: Person) -> impl Iterator<Item = usize> {
        self.open().filter(move |id| {
            let role = self.conversations[*id].roles.get(&person);
            matches!(role, Some(Role::Member | Role::Guest))
        })
    }

    fn with(&self, id: usize, roles: &[Role]) -> BTreeSet<Person> {
        let all = self.conversations[id].roles.iter();
        all.filter(|(person, role)| roles.contains(role) && !self.left.contains(person))
            .map(|(person, _)| *person)
            .collect()
    }

    fn members(&self, id: usize) -> BTreeSet<Person> {
        self.with(id, &[Role::Member])
    }

    fn people(&self, id: usize) -> BTreeSet<Person> {
        self.with(id, &[Role::Member, Role::Guest])
    }

    fn is_in(&self, id: usize, person: Person) -> bool {
        self.people(id).contains(&person)
    }
}

impl Conversation {
    fn admit_all(&mut self, people: &BTreeSet<Person>) {
        self.is_open = true;
        self.is_deserted = false;
        for person in people {
            self.roles.insert(*person, Role::Member);
        }
    }

    fn drop_guests(&mut self) {
        self.roles
            .retain(|_, role| matches!(role, Role::Member | Role::Out));
    }

    fn dismiss(&mut self) {
        self.drop_guests();
        for role in self.roles.values_mut() {
            *role = Role::Out;
        }
    }
}
