"""HTTP out: one guarded client, its authentication, and a transport for collections and deliveries."""

from .messages import Answer, Request
from .oauth2 import MemoryTokenStore, Token, TokenStore
from .pagination import Page, Watermark
from .settings import HttpSettings
from .transport import HttpTransport
