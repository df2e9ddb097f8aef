"""How bytes reach us and leave us: one class per kind of mailbox, the same verbs for all.

Pure Python, no Odoo import. :func:`create` builds a transport from an endpoint's stored values::

    with create("sftp", values) as transport:
        for file in transport.list():
            for chunk in transport.fetch(file):
                ...

Addons add their own kinds with :func:`register`.
"""

from .base import (
    CheckStep,
    Disposed,
    RemoteFile,
    Sent,
    Transport,
    codes,
    create,
    register,
    transport_class,
)
from .folder import FolderSettings, FolderTransport
from .http import HttpSettings, HttpTransport
from .settings import ConfigurationError
from .sftp import SftpSettings, SftpTransport
from .stability import Observation, observe, settled
