"""Which mirror the machine's apt configuration names, in both of its formats."""

import pytest
from provisioning import apt
from provisioning.apt import Entry

DEB822 = """\
Types: deb deb-src
# a comment within a stanza
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_CODENAME=bookworm\n'
UBUNTU = "ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n"


@pytest.fixture
def machine(tmp_path):
    """Lay out the files of a machine: its release and its apt configuration."""

    def lay_out(release, **files):
        folder = tmp_path / "etc" / "apt" / "sources.list.d"
        folder.mkdir(parents=True)
        (tmp_path / "etc" / "os-release").write_text(release)
        for name, text in files.items():
            name = name.replace("_", ".")
            parent = folder.parent if name == "sources.list" else folder
            (parent / name).write_text(text)
        return tmp_path

    return lay_out


def test_one_line_format():
    text = """
        # deb http://commented.example/debian bookworm main
        deb-src http://mirror.example/debian bookworm main
        deb http://mirror.example/debian bookworm main contrib # trailing comment
        deb [arch=amd64 signed-by=/k.gpg] https://other.example/debian  trixie  main
        deb cdrom:[Debian 12]/ bookworm main
        nonsense
    """
    assert apt.parse_one_line(text) == [
        Entry("http://mirror.example/debian", "bookworm", ("main", "contrib")),
        Entry("https://other.example/debian", "trixie", ("main",), "/k.gpg"),
        Entry("cdrom:[Debian", "12]/", ("bookworm", "main")),
    ]


def test_deb822_format():
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    components = ("main", "non-free-firmware")
    assert apt.parse_deb822(DEB822) == [
        Entry("http://mirror.example/debian", "bookworm", components, keyring),
        Entry("http://mirror.example/debian", "bookworm-updates", components, keyring),
        Entry("http://mirror.example/debian-security", "bookworm-security", ("main",)),
    ]


@pytest.mark.parametrize("line", ["Enabled: no", "enabled: false", "Types: deb-src"])
def test_a_stanza_that_gives_no_packages(line):
    assert (
        apt.parse_deb822(f"Types: deb\nURIs: http://a.example/\nSuites: sid\nComponents: main\n{line}\n")
        == []
    )


def test_a_key_within_the_stanza_is_kept():
    key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQIN\n -----END PGP PUBLIC KEY BLOCK-----"
    text = f"Types: deb\nURIs: http://a.example/\nSuites: sid\nComponents: main\nSigned-By:{key}\n"
    (entry,) = apt.parse_deb822(text)
    assert apt.parse_deb822(entry.as_deb822()) == [entry]
    assert "mQIN" in entry.as_deb822()


def test_the_mirror_is_the_main_archive(machine):
    mirror = apt.debian_mirror(machine(DEBIAN, debian_sources=DEB822))
    assert (mirror.uri, mirror.suite) == ("http://mirror.example/debian", "bookworm")
    unstable = mirror.with_suite("unstable", ("main",)).as_deb822()
    assert "Suites: unstable\n" in unstable
    assert "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" in unstable


@pytest.mark.parametrize(
    ("release", "files"),
    [
        (UBUNTU, {"ubuntu_sources": DEB822.replace("bookworm", "noble")}),
        (UBUNTU, {"debian_list": "deb http://mirror.example/debian stable main"}),
        (DEBIAN, {}),
        (DEBIAN, {"sources_list": "deb http://mirror.example/debian-security bookworm-security main"}),
        (DEBIAN, {"sources_list": "deb file:/media/disk bookworm main"}),
        (DEBIAN, {"sources_list": "deb http://mirror.example/debian bookworm contrib"}),
        (DEBIAN, {"other_list": "deb https://vendor.example/repository vendor main"}),
        (DEBIAN, {"debian_sources_disabled": DEB822}),
    ],
)
def test_no_mirror(machine, release, files):
    assert apt.debian_mirror(machine(release, **files)) is None


def test_no_release_file(tmp_path):
    assert apt.debian_mirror(tmp_path) is None


def test_both_formats_at_once(machine):
    root = machine(
        DEBIAN, sources_list="deb http://first.example/debian bookworm main", debian_sources=DEB822
    )
    assert apt.debian_mirror(root).uri == "http://first.example/debian"
    assert len(apt.configured_entries(root)) == 4
