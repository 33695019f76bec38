"""A template and its values enter; its page as it renders leaves."""

from .streams import stream_template as stream_template
from .streams import stream_template_string as stream_template_string
from .streams import TemplateStream as TemplateStream
