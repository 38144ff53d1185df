-- depends: 0103.wishes
-- Windows that were opened a second time, behind a review: what waited for it has come out of the first one.
ALTER TABLE windows ADD COLUMN reviewed boolean NOT NULL DEFAULT false;
