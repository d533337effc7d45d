BEGIN TRANSACTION;
CREATE TABLE opinions (
	picture VARCHAR(64) NOT NULL, 
	model VARCHAR(64) NOT NULL, 
	label VARCHAR(64) NOT NULL, 
	probabilities JSON NOT NULL, 
	CONSTRAINT pk_opinions PRIMARY KEY (picture, model)
);
INSERT INTO "opinions" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','spiral','{"spiral": 1.0}');
CREATE TABLE rounds (
	id INTEGER NOT NULL, 
	token VARCHAR(32) NOT NULL, 
	player VARCHAR(32) NOT NULL, 
	deck VARCHAR(64) NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_rounds PRIMARY KEY (id), 
	CONSTRAINT uq_rounds_token UNIQUE (token)
);
INSERT INTO "rounds" VALUES(1,'token-of-round-1-xxxxxx','player-of-the-first-ed','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','2026-11-21 23:59:59.000000');
INSERT INTO "rounds" VALUES(2,'token-of-round-2-xxxxxx','player-of-the-first-ed','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','2026-11-22 23:59:59.000000');
CREATE TABLE turns (
	id INTEGER NOT NULL, 
	round_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	galaxy VARCHAR(512) NOT NULL, 
	truth VARCHAR(64) NOT NULL, 
	machine_label VARCHAR(64) NOT NULL, 
	machine_probabilities JSON NOT NULL, 
	guess VARCHAR(64), 
	answered DATETIME, 
	CONSTRAINT pk_turns PRIMARY KEY (id), 
	CONSTRAINT uq_turns_round_id UNIQUE (round_id, number), 
	CONSTRAINT fk_turns_round_id_rounds FOREIGN KEY(round_id) REFERENCES rounds (id) ON DELETE CASCADE
);
INSERT INTO "turns" VALUES(1,1,1,'spiral-1','spiral','elliptical','{"elliptical": 0.75, "spiral": 0.25}','spiral','2026-11-21 23:59:59.000000');
INSERT INTO "turns" VALUES(2,1,2,'spiral-2','spiral','elliptical','{"elliptical": 0.75, "spiral": 0.25}',NULL,NULL);
INSERT INTO "turns" VALUES(3,2,1,'spiral-1','spiral','elliptical','{"elliptical": 0.75, "spiral": 0.25}','spiral','2026-11-22 23:59:59.000000');
INSERT INTO "turns" VALUES(4,2,2,'spiral-2','spiral','elliptical','{"elliptical": 0.75, "spiral": 0.25}','spiral','2026-11-22 23:59:59.000000');
CREATE INDEX ix_rounds_player ON rounds (player);
COMMIT;
