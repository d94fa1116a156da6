//! Ids as people write them.

use rstest::rstest;

use super::*;

fn only(id: &str) -> Said {
    Said::Only(id.try_into().unwrap())
}

fn among(ids: &[&str]) -> Said {
    Said::Among(ids.iter().map(|id| (*id).try_into().unwrap()).collect())
}

const MICHAEL: &str = "@michael.o:matrix.org";

#[rstest]
#[case::exact("@michael.o:matrix.org")]
#[case::no_at("michael.o:matrix.org")]
#[case::case_of_a_phone("Michael.o:Matrix.org")]
#[case::shouted("@MICHAEL.O:MATRIX.ORG")]
#[case::matrix_to("https://matrix.to/#/@michael.o:matrix.org")]
#[case::matrix_to_http("http://matrix.to/#/@michael.o:matrix.org")]
#[case::matrix_to_bare("matrix.to/#/@michael.o:matrix.org")]
#[case::matrix_to_www("https://www.matrix.to/#/@michael.o:matrix.org")]
#[case::matrix_to_encoded("https://matrix.to/#/%40michael.o%3Amatrix.org")]
#[case::matrix_to_via("https://matrix.to/#/@michael.o:matrix.org?via=matrix.org&client=x")]
#[case::matrix_to_dot("https://matrix.to/#/@michael.o:matrix.org.")]
#[case::element("https://app.element.io/#/user/@michael.o:matrix.org")]
#[case::element_of_ones_own("https://chat.acme.com/#/user/@michael.o:matrix.org")]
#[case::element_no_at("https://app.element.io/#/user/michael.o:matrix.org")]
#[case::uri("matrix:u/michael.o:matrix.org")]
#[case::uri_action("matrix:u/michael.o:matrix.org?action=chat")]
#[case::uri_old("matrix:user/michael.o:matrix.org")]
#[case::uri_case("MATRIX:U/michael.o:matrix.org")]
#[case::spaces_around("  @michael.o:matrix.org \n\n")]
#[case::spaces_inside("@ michael.o : matrix.org")]
#[case::space_after_colon("@michael.o: matrix.org")]
#[case::space_before_colon("@michael.o :matrix.org")]
#[case::space_after_at("My Matrix ID is @ michael.o:matrix.org")]
#[case::no_at_spaces("michael.o : matrix.org")]
#[case::dot("@michael.o:matrix.org.")]
#[case::comma("@michael.o:matrix.org,")]
#[case::bang("@michael.o:matrix.org!")]
#[case::slash("@michael.o:matrix.org/")]
#[case::angle("<@michael.o:matrix.org>")]
#[case::quotes("\u{201c}@michael.o:matrix.org\u{201d}")]
#[case::guillemets("\u{ab}\u{a0}@michael.o:matrix.org\u{a0}\u{bb}")]
#[case::code("`@michael.o:matrix.org`")]
#[case::brackets("(@michael.o:matrix.org)")]
#[case::zero_width("@michael.o\u{200b}:matrix.org\u{feff}")]
#[case::bidi("\u{202a}@michael.o:matrix.org\u{202c}")]
#[case::full_width("\u{ff20}michael.o\u{ff1a}matrix.org")]
#[case::no_break_space("\u{a0}@michael.o:matrix.org\u{a0}")]
#[case::sentence("My Matrix ID is @michael.o:matrix.org")]
#[case::sentence_no_at("My Matrix ID is michael.o:matrix.org.")]
#[case::label("Matrix ID: @michael.o:matrix.org")]
#[case::label_no_at("Matrix-ID: michael.o:matrix.org")]
#[case::german("Hallo,\nmeine Matrix-ID lautet @michael.o:matrix.org\n\nViele Grüße\nMichael O.")]
#[case::french(
    "Bonjour,\n\nmon identifiant Matrix est @michael.o:matrix.org\n\nCordialement,\nMichael"
)]
#[case::polite("Hello Ann,\n\nmy ID is @michael.o:matrix.org.\n\nBest regards\nMichael Olbrich")]
#[case::please("Please invite me: @michael.o:matrix.org. Thanks!")]
#[case::add_me("Hi, please add me as @michael.o:matrix.org, thank you")]
#[case::own_name("@michael.o:matrix.org\nMichael")]
#[case::quoted_above("> What is your Matrix ID?\n\n@michael.o:matrix.org")]
#[case::twice("@michael.o:matrix.org <https://matrix.to/#/@michael.o:matrix.org>")]
#[case::markdown("[@michael.o:matrix.org](https://matrix.to/#/@michael.o:matrix.org)")]
#[case::mail_program("michael.o<https://matrix.to/#/@michael.o:matrix.org>:matrix.org")]
fn one_id_and_nothing_else(#[case] text: &str) {
    let found = read(text, "Michael");
    if text.starts_with("michael.o<") {
        assert_eq!(found.users(), [MICHAEL], "{found:?}");
    } else {
        assert_eq!(found, only(MICHAEL), "{text:?}");
    }
}

#[rstest]
#[case("@m:matrix.acme.co.uk", "@m:matrix.acme.co.uk")]
#[case("@m:acme.com:8448", "@m:acme.com:8448")]
#[case("@m_1-2=3/4+5:acme.com", "@m_1-2=3/4+5:acme.com")]
#[case("@m:xn--mnchen-3ya.de", "@m:xn--mnchen-3ya.de")]
#[case("https://matrix.to/#/@Historic:acme.com", "@Historic:acme.com")]
#[case("@me:acme.com", "@me:acme.com")]
#[case("@ me : acme.com", "@me:acme.com")]
fn others(#[case] text: &str, #[case] id: &str) {
    assert_eq!(read(text, ""), only(id));
}

#[rstest]
#[case::prose("The boards are here. You find me as @michael.o:matrix.org in the chat.", &[MICHAEL])]
#[case::colleague("Please talk to @bob:acme.com about it, he builds the boards.", &["@bob:acme.com"])]
#[case::invite_another("Please invite @bob:acme.com, thanks!", &["@bob:acme.com"])]
#[case::add_another("Please add @bob:acme.com to my account", &["@bob:acme.com"])]
#[case::one_more("Please add me and @bob:acme.com", &["@bob:acme.com"])]
#[case::and_another("@bob:acme.com and me, please", &["@bob:acme.com"])]
#[case::negated("My Matrix ID is not @michael.o:matrix.org", &[MICHAEL])]
#[case::question("Is my Matrix ID @michael.o:matrix.org?", &[MICHAEL])]
#[case::two("@a:acme.com and @b:acme.com", &["@a:acme.com", "@b:acme.com"])]
#[case::three_at_most("@a:x.org @b:x.org @c:x.org @d:x.org", &["@a:x.org", "@b:x.org", "@c:x.org"])]
#[case::loose("I now have Matrix, write to michael.o:matrix.org instead", &[MICHAEL])]
#[case::link_in_prose("See https://matrix.to/#/@bob:acme.com for our engineer", &["@bob:acme.com"])]
#[case::with_an_address("@michael.o:matrix.org or else michael@matrix.org", &[MICHAEL])]
fn among_other_words(#[case] text: &str, #[case] ids: &[&str]) {
    assert_eq!(read(text, ""), among(ids));
}

#[rstest]
#[case::empty("")]
#[case::thanks("Thanks!")]
#[case::time("See you at 10:30.")]
#[case::url("https://acme.com/login")]
#[case::url_only("http:acme.com")]
#[case::mailto("mailto:jane@acme.com")]
#[case::address_of_somebody("bob@acme.com")]
#[case::address_in_prose("Please write to bob@acme.com about Matrix rooms and such things")]
#[case::code("std::io::Error and main:init.rs fail")]
#[case::path("C:\\Users\\jane")]
#[case::ipv4("@jane:10.0.0.1 answered the ping, and nothing else did")]
#[case::mention("@jane: see example.org please, it is all there")]
#[case::mention_alone("Hello @jane, how is the board?")]
#[case::room("We are in #kernel:matrix.org with the others")]
#[case::matrix_is_great("Matrix is great")]
#[case::quoted("> Your ID looks like @your.name:matrix.org\n\nI will look into it.")]
#[case::hash("deadbeef:0x1234")]
#[case::svn("svn:externals are gone from our tree now")]
fn nothing(#[case] text: &str) {
    assert_eq!(read(text, ""), Said::Nothing, "{text:?}");
}

#[rstest]
#[case::no_server("@michael.o", Unusable::NoServer)]
#[case::no_server_said("My Matrix ID is michael", Unusable::NoServer)]
#[case::no_server_said_in_german("Meine Matrix-Kennung ist michael", Unusable::NoServer)]
#[case::empty_server("@michael.o:", Unusable::NoServer)]
#[case::short_server("@michael.o:matrix", Unusable::NotAServer("matrix".into()))]
#[case::comma("@michael.o:matrix,org", Unusable::NotAServer("matrix,org".into()))]
#[case::number("@michael.o:10.0.0.1", Unusable::NotAServer("10.0.0.1".into()))]
#[case::address("My Matrix ID is michael@acme.com", Unusable::Address("michael@acme.com".into()))]
#[case::address_there("michael@matrix.org", Unusable::Address("michael@matrix.org".into()))]
#[case::fediverse("@michael@matrix.org", Unusable::Address("@michael@matrix.org".into()))]
#[case::umlaut("@müller:matrix.org", Unusable::Characters)]
#[case::room("My Matrix ID is #kernel:matrix.org", Unusable::Room)]
#[case::room_link("https://matrix.to/#/#kernel:matrix.org", Unusable::Room)]
#[case::example("@your.name:matrix.org", Unusable::Example)]
#[case::link_without_server("https://matrix.to/#/@michael", Unusable::NoServer)]
fn meant_to_be_one(#[case] text: &str, #[case] why: Unusable) {
    assert_eq!(read(text, ""), Said::Unusable(why), "{text:?}");
}

#[test]
fn hostile_texts_take_no_time() {
    for piece in [
        "@",
        ":",
        "@a:",
        "matrix.to/#/",
        "%",
        "@a:b.cc ",
        "<[(",
        "@ : ",
    ] {
        let text = piece.repeat(90_000 / piece.len());
        let _ = read(&text, "");
    }
    assert_eq!(
        read(&"@a:b.cc ".repeat(100_000), ""),
        Said::Nothing,
        "too long to be read"
    );
}

#[rstest]
#[case("@m:acme.com", Ok("@m:acme.com"))]
#[case("m:acme.com", Ok("@m:acme.com"))]
#[case("https://matrix.to/#/@m:acme.com", Ok("@m:acme.com"))]
#[case("m", Err(Unusable::NoServer))]
#[case("m@acme.com", Err(Unusable::Address("m@acme.com".into())))]
fn what_staff_type(#[case] text: &str, #[case] expected: Result<&str, Unusable>) {
    let expected = expected.map(|id| OwnedUserId::try_from(id).unwrap());
    assert_eq!(read_one(text), expected);
}

#[rstest]
#[case("matrix.org", "matrix.org", true)]
#[case("Matrix.ORG", "matrix.org", true)]
#[case("matrix.org", "evil-matrix.org", false)]
#[case("*.acme.com", "chat.acme.com", true)]
#[case("*.acme.com", "acme.com", false)]
#[case("*.acme.com", "notacme.com", false)]
fn patterns_of_servers(#[case] pattern: &str, #[case] server: &str, #[case] expected: bool) {
    assert_eq!(
        ServerPattern::parse(pattern).unwrap().matches(server),
        expected
    );
}

#[rstest]
#[case("", ServerPatternFault::NoServer)]
#[case("matrix", ServerPatternFault::NoServer)]
#[case("*", ServerPatternFault::NoServer)]
#[case("*.*", ServerPatternFault::NoServer)]
#[case("@m:matrix.org", ServerPatternFault::NotJustAServer)]
fn no_patterns(#[case] text: &str, #[case] fault: ServerPatternFault) {
    assert_eq!(ServerPattern::parse(text).unwrap_err(), fault);
}
