from . import api, export, health, metrics, webhook
