from . import api, health, metrics, webhook
