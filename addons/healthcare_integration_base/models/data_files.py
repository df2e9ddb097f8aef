"""Files that this addon keeps outside the database, below Odoo's data folder."""

import os

from odoo.tools import config


def data_path(name):
    """Return the path of a file in the addon's private folder, which is made if need be."""
    folder = os.path.join(config["data_dir"], "healthcare_integration")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return os.path.join(folder, name)


def create_once(path, content):
    """Write a private file that must not exist yet.

    The file appears complete or not at all, so that two processes starting together cannot mix.

    :return: False if the file was there already
    """
    temporary = f"{path}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(temporary)
    return True
