from . import controllers, models, wizards
from .redaction import install

install()
