from . import handlers, models, wizards
