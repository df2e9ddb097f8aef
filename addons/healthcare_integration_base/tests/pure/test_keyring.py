"""The keyring: sources, generation race, tampering, rotation, keyed hashes."""

import base64
import os
import pickle
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.keyring import (
    Keyring,
    KeyringError,
    MissingKeyError,
    TamperedPayloadError,
)

CHECKOUT = Path(__file__).resolve().parents[4]
MESSAGE = "0d6a3f0e-5a34-4b6e-8f7e-2f2a5a0c9a11"
OTHER_MESSAGE = "7c3e1b52-9b6c-4a57-9a36-0c3f2c7c1d22"


def encoded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


OLD, NEW = bytes(range(32)), bytes(range(32, 64))
ring = Keyring({"new": NEW, "old": OLD})
old_ring = Keyring({"old": OLD})


def load(tmp_path, **changes):
    arguments = {
        "key_file": None,
        "default_file": tmp_path / "keys",
        "generate_allowed": False,
        "environment": {},
    }
    return Keyring.load(**{**arguments, **changes})


class TestSources:
    def test_environment_wins_and_its_first_key_is_active(self, tmp_path):
        text = f"b:{encoded(NEW)}, a:{encoded(OLD).rstrip('=')}"
        loaded = load(tmp_path, environment={"HEALTHCARE_INTEGRATION_KEYS": text}, key_file=tmp_path / "none")
        assert loaded.key_ids == ("b", "a")
        assert loaded.decrypt(Keyring({"a": OLD}).encrypt(b"x", b"c"), b"c") == b"x"

    def test_named_file_before_the_default_file(self, tmp_path):
        for name, key_id in (("named", "n"), ("keys", "d")):
            path = tmp_path / name
            path.write_text(f"# comment, with a comma\n{key_id}:{encoded(OLD)}\n")
            path.chmod(0o600)
        assert load(tmp_path, key_file=tmp_path / "named").active_id == "n"
        assert load(tmp_path).active_id == "d"

    def test_a_named_file_is_never_generated(self, tmp_path):
        with pytest.raises(MissingKeyError, match="no file"):
            load(tmp_path, key_file=tmp_path / "named", generate_allowed=True)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
    def test_files_open_to_others_are_refused(self, tmp_path, mode):
        path = tmp_path / "keys"
        path.write_text(f"a:{encoded(OLD)}")
        path.chmod(mode)
        with pytest.raises(KeyringError) as caught:
            load(tmp_path)
        assert caught.value.code == "keyring.readable_by_others"
        assert f"{mode:04o}" in str(caught.value)

    @pytest.mark.parametrize(
        "text",
        [
            "a",
            "a:",
            "a:c2hvcnQ",
            f":{encoded(OLD)}",
            f"a b:{encoded(OLD)}",
            f"a:{encoded(OLD + b'x')}",
            f"a:{encoded(OLD)},a:{encoded(NEW)}",
            f"a:{encoded(OLD)[:-3]}é",
            ",",
        ],
    )
    def test_malformed_keys_are_reported_without_showing_them(self, tmp_path, text):
        with pytest.raises(KeyringError) as caught:
            load(tmp_path, environment={"HEALTHCARE_INTEGRATION_KEYS": text})
        assert caught.value.code == "keyring.malformed"
        assert encoded(OLD)[:12] not in repr(caught.value) + str(caught.value)

    def test_blanks_and_empty_entries_are_no_part_of_a_key(self, tmp_path):
        text = f" b:{encoded(NEW)} ,, a:{encoded(OLD)} ,"
        loaded = load(tmp_path, environment={"HEALTHCARE_INTEGRATION_KEYS": text})
        assert loaded.key_ids == ("b", "a")

    def test_a_file_that_is_no_text_is_reported(self, tmp_path):
        (tmp_path / "keys").write_bytes(b"\xff\xfe")
        (tmp_path / "keys").chmod(0o600)
        with pytest.raises(KeyringError) as raised:
            load(tmp_path)
        assert raised.value.code == "keyring.malformed"

    def test_recorded_ids_must_all_be_there(self, tmp_path):
        environment = {"HEALTHCARE_INTEGRATION_KEYS": f"a:{encoded(OLD)}"}
        assert load(tmp_path, environment=environment, recorded_ids=["a"]).active_id == "a"
        with pytest.raises(MissingKeyError) as caught:
            load(tmp_path, environment=environment, recorded_ids=["a", "k1", "k2"])
        assert caught.value.code == "keyring.missing_key"
        assert caught.value.subject == "k1, k2"

    @pytest.mark.parametrize("changes", [{}, {"generate_allowed": True, "recorded_ids": ["k1"]}])
    def test_no_key_is_generated_for_a_database_that_has_one(self, tmp_path, changes):
        with pytest.raises(MissingKeyError):
            load(tmp_path, **changes)
        assert list(tmp_path.iterdir()) == []


class TestGeneration:
    def test_generated_once_private_and_kept(self, tmp_path):
        path = tmp_path / "data" / "keys"
        first = load(tmp_path, default_file=path, generate_allowed=True)
        second = load(tmp_path, default_file=path, generate_allowed=True)
        assert first.key_ids == second.key_ids
        assert second.decrypt(first.encrypt(b"x", b""), b"") == b"x"
        assert path.stat().st_mode & 0o777 == 0o600
        assert [entry.name for entry in path.parent.iterdir()] == ["keys"]

    def test_a_wide_umask_does_not_open_the_file(self, tmp_path):
        before = os.umask(0)
        try:
            load(tmp_path, generate_allowed=True)
        finally:
            os.umask(before)
        assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600

    def test_processes_that_start_at_once_end_with_the_same_key(self, tmp_path):
        program = """
import sys, time
sys.path.insert(0, sys.argv[1])
from tests import pure
pure.expose()
from odoo.addons.healthcare_integration_base.keyring import Keyring
print("ready", flush=True)
sys.stdin.readline()
ring = Keyring.load(key_file=None, default_file=sys.argv[2], generate_allowed=True, environment={})
print(ring.active_id, ring.hmac("race", b"").hex())
"""
        command = [sys.executable, "-c", program, str(CHECKOUT), str(tmp_path / "keys")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        processes = [subprocess.Popen(command, **pipes) for _ in range(4)]
        assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = {process.communicate(timeout=30)[0] for process in processes}
        assert len(outputs) == 1 and outputs != {""}
        assert [entry.name for entry in tmp_path.iterdir()] == ["keys"]

    def test_a_folder_that_cannot_be_written_is_reported(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(KeyringError) as caught:
            load(tmp_path, default_file=tmp_path / "file" / "keys", generate_allowed=True)
        assert caught.value.code in ("keyring.cannot_generate", "keyring.unreadable")


class TestSecrets:
    @given(st.binary(max_size=200), st.binary(max_size=40))
    def test_round_trip(self, plaintext, context):
        blob = ring.encrypt(plaintext, context)
        assert ring.decrypt(memoryview(blob), context) == plaintext
        assert ring.key_id_of(blob) == "new"

    @given(st.binary(max_size=60), st.data())
    def test_any_changed_byte_is_found(self, plaintext, data):
        blob = bytearray(ring.encrypt(plaintext, b"credential,7"))
        position = data.draw(st.integers(0, len(blob) - 1))
        blob[position] ^= data.draw(st.integers(1, 255))
        with pytest.raises((TamperedPayloadError, MissingKeyError)):
            ring.decrypt(bytes(blob), b"credential,7")

    @given(st.binary(max_size=60), st.data())
    def test_any_cut_or_extension_is_found(self, plaintext, data):
        blob = ring.encrypt(plaintext, b"c")
        cut = data.draw(st.integers(0, len(blob) - 1))
        for damaged in (blob[:cut], blob[cut + 1 :], blob + b"\0"):
            with pytest.raises((TamperedPayloadError, MissingKeyError)):
                ring.decrypt(damaged, b"c")

    def test_another_context_is_found(self):
        with pytest.raises(TamperedPayloadError) as caught:
            ring.decrypt(ring.encrypt(b"x", b"credential,7"), b"credential,8")
        assert caught.value.code == "keyring.tampered"

    def test_a_secret_is_not_a_chunk(self):
        context = uuid.UUID(MESSAGE).bytes + bytes(8) + b"\1"
        with pytest.raises(TamperedPayloadError):
            ring.decrypt_chunk(ring.encrypt(b"x", context), MESSAGE, 0, True)

    def test_the_same_text_looks_different_each_time(self):
        assert len({ring.encrypt(b"x", b"c") for _ in range(50)}) == 50

    def test_the_key_in_the_header_cannot_be_swapped_for_another_of_the_ring(self):
        blob = old_ring.encrypt(b"x", b"c")
        with pytest.raises(TamperedPayloadError):
            ring.decrypt(blob.replace(b"\x03old", b"\x03new"), b"c")


CHUNKS = st.lists(st.binary(max_size=40), min_size=1, max_size=6)


def encrypt_all(chunks, message):
    last = len(chunks) - 1
    return [ring.encrypt_chunk(chunk, message, index, index == last) for index, chunk in enumerate(chunks)]


def decrypt_all(blobs, message):
    """Read as whoever knows from elsewhere how many chunks there are, or takes all for the whole."""
    last = len(blobs) - 1
    return [ring.decrypt_chunk(blob, message, index, index == last) for index, blob in enumerate(blobs)]


class TestChunks:
    @given(CHUNKS)
    def test_round_trip(self, chunks):
        assert decrypt_all(encrypt_all(chunks, MESSAGE), MESSAGE) == chunks

    @settings(max_examples=200)
    @given(CHUNKS, st.data())
    def test_damage_of_any_kind_is_found(self, chunks, data):
        blobs = encrypt_all(chunks, MESSAGE)
        damaged = data.draw(st.sampled_from(["drop", "cut", "swap", "repeat", "foreign", "flip", "extend"]))
        position = data.draw(st.integers(0, len(blobs) - 1))
        others = encrypt_all(chunks, OTHER_MESSAGE)
        if damaged == "drop":
            changed = blobs[:position] + blobs[position + 1 :]
        elif damaged == "cut":
            changed = blobs[:position]
        elif damaged == "swap":
            target = data.draw(st.integers(0, len(blobs) - 1))
            changed = list(blobs)
            changed[position], changed[target] = changed[target], changed[position]
            if position == target:
                changed.reverse()
        elif damaged == "repeat":
            changed = [*blobs[: position + 1], *blobs[position:]]
        elif damaged == "foreign":
            changed = [*blobs[:position], others[position], *blobs[position + 1 :]]
        elif damaged == "flip":
            blob = bytearray(blobs[position])
            blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
            changed = [*blobs[:position], bytes(blob), *blobs[position + 1 :]]
        else:
            changed = [*blobs, ring.encrypt_chunk(b"", OTHER_MESSAGE, len(blobs), True)]
        # Where no chunk at all is left, the message misses its first.
        if changed and changed != blobs:
            with pytest.raises((TamperedPayloadError, MissingKeyError)):
                decrypt_all(changed, MESSAGE)

    def test_what_comes_before_the_damage_is_not_the_whole(self):
        blobs = encrypt_all([b"a", b"b", b"c"], MESSAGE)
        assert ring.decrypt_chunk(blobs[0], MESSAGE, 0, False) == b"a"
        with pytest.raises(TamperedPayloadError):
            ring.decrypt_chunk(blobs[1], MESSAGE, 1, True)

    def test_a_message_is_named_by_a_uuid(self):
        with pytest.raises(ValueError):
            ring.encrypt_chunk(b"", "message 7", 0, True)
        blob = ring.encrypt_chunk(b"x", MESSAGE.upper(), 0, True)
        assert ring.decrypt_chunk(blob, uuid.UUID(MESSAGE), 0, True) == b"x"


class TestStoredCiphertexts:
    """What earlier releases wrote must be read by later ones: header, derivation and context stay."""

    stored = Keyring({"key-1": OLD})

    def test_secret(self):
        blob = bytes.fromhex(
            "01056b65792d310000000000000000000000006f512d76209de59f77ed017a5f9ee7e904e11b95cc37"
        )
        assert self.stored.decrypt(blob, b"table/1") == b"secret"

    def test_chunk(self):
        blob = bytes.fromhex(
            "01056b65792d3100000000000000000000000065b67709656449a359226e4eaecb54b4db28a02d1b"
        )
        message = "00000000-0000-4000-8000-000000000001"
        assert self.stored.decrypt_chunk(blob, message, 3, is_last=True) == b"chunk"


class TestRotation:
    def test_a_chunk_is_written_again_with_the_active_key_for_the_same_place(self):
        old = old_ring.encrypt_chunk(b"text", MESSAGE, 3, is_last=True)
        rewritten = ring.reencrypt_chunk(old, MESSAGE, 3, is_last=True)
        assert (ring.key_id_of(old), ring.key_id_of(rewritten)) == ("old", "new")
        assert Keyring({"new": NEW}).decrypt_chunk(rewritten, MESSAGE, 3, is_last=True) == b"text"
        with pytest.raises(TamperedPayloadError):
            ring.reencrypt_chunk(old, MESSAGE, 3, is_last=False)

    def test_old_ciphertext_is_read_and_names_its_key_until_rewritten(self):
        old = old_ring.encrypt(b"x", b"c")
        assert ring.decrypt(old, b"c") == b"x"
        assert ring.key_id_of(old) == "old"
        new = ring.encrypt(ring.decrypt(old, b"c"), b"c")
        assert ring.key_id_of(new) == "new"
        assert Keyring({"new": NEW}).decrypt(new, b"c") == b"x"

    def test_a_missing_key_is_named(self):
        blob = ring.encrypt(b"x", b"c")
        with pytest.raises(MissingKeyError, match="new") as caught:
            old_ring.decrypt(blob, b"c")
        assert caught.value.subject == "new"

    @pytest.mark.parametrize("blob", [b"", b"\1", b"\1\3new", b"\2\3new" + bytes(40), b"plain text" * 9])
    def test_what_is_no_ciphertext_is_reported(self, blob):
        with pytest.raises(TamperedPayloadError):
            ring.key_id_of(blob)


class TestKeyedHashes:
    def test_key_and_purpose_change_the_hash(self):
        hashes = {
            ring.hmac("seal", b"x"),
            ring.hmac("member", b"x"),
            ring.hmac("seal", b"y"),
            ring.hmac("seal", b"x", "old"),
        }
        assert len(hashes) == 4
        assert ring.hmac("seal", b"x") == ring.hmac("seal", b"x", "new")

    def test_an_older_hash_is_made_again_with_its_key(self):
        assert ring.hmac("seal", b"x", "old") == old_ring.hmac("seal", b"x")
        with pytest.raises(MissingKeyError):
            ring.hmac("seal", b"x", "gone")

    def test_known_answer(self):
        """HKDF-SHA256 and HMAC-SHA256 by hand: what is stored today must verify after any rewrite."""
        import hashlib
        import hmac

        pseudo_random_key = hmac.new(bytes(32), NEW, hashlib.sha256).digest()
        info = b"healthcare_integration/1/hmac/seal\x01"
        derived = hmac.new(pseudo_random_key, info, hashlib.sha256).digest()
        assert ring.hmac("seal", b"x") == hmac.new(derived, b"x", hashlib.sha256).digest()


def test_keys_are_neither_shown_nor_pickled():
    assert repr(ring) == "<Keyring new, old; active new>"
    with pytest.raises(TypeError):
        pickle.dumps(ring)
