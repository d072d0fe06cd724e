-- What people are told: messages that leave, notices in the product, wishes.

-- One for each event, recipient and channel, so that an event that is handed
-- out twice tells once. The text goes when it is sent: links in it are secrets.
CREATE TABLE message (
  id BINARY(16) NOT NULL,
  event_id BINARY(16) NOT NULL,
  topic VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  channel VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  recipient VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  recipient_name VARCHAR(100) NULL,
  title VARCHAR(250) NOT NULL,
  body_text MEDIUMTEXT NULL,
  body_html MEDIUMTEXT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'waiting',
  attempts INT NOT NULL DEFAULT 0,
  due_at DATETIME(6) NOT NULL,
  last_error VARCHAR(250) NULL,
  created_at DATETIME(6) NOT NULL,
  sent_at DATETIME(6) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY message_once (event_id, recipient, channel),
  KEY message_due (status, due_at),
  CONSTRAINT message_status_known CHECK (status IN ('waiting','sent','dead')),
  CONSTRAINT message_channel_known CHECK (channel IN ('mail','sms'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE notification (
  id BINARY(16) NOT NULL,
  event_id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  topic VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject_id BINARY(16) NULL,
  title VARCHAR(250) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  read_at DATETIME(6) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY notification_once (event_id, user_id),
  KEY notification_user (user_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- No row: everything is sent.
CREATE TABLE notification_setting (
  user_id BINARY(16) NOT NULL,
  mail_orders BOOLEAN NOT NULL DEFAULT TRUE,
  mail_store BOOLEAN NOT NULL DEFAULT TRUE,
  mail_watches BOOLEAN NOT NULL DEFAULT TRUE,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
