-- Master ports of earlier attempts that another program had taken: JSON, [6105, …]. A run began with none.
ALTER TABLE runs ADD COLUMN taken_ports TEXT NOT NULL DEFAULT '[]';
