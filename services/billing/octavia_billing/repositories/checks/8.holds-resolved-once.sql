-- every hold was reserved once, and every resolved hold resolved once
WITH posted AS (
    SELECT hold_id, min(user_id::text)::uuid AS user_id, count(DISTINCT user_id) AS users,
           count(*) FILTER (WHERE kind = 'reserve') AS reserves,
           count(*) FILTER (WHERE kind = 'capture') AS captures,
           count(*) FILTER (WHERE kind = 'release') AS releases,
           coalesce(sum(credits) FILTER (WHERE kind = 'reserve'), 0) AS reserved,
           coalesce(sum(credits) FILTER (WHERE kind = 'capture'), 0) AS captured,
           coalesce(sum(credits) FILTER (WHERE kind = 'release'), 0) AS released
    FROM transactions WHERE kind IN ('reserve', 'capture', 'release') GROUP BY hold_id
), parts AS (
    SELECT hold_id, sum(amount) AS amount FROM hold_parts GROUP BY hold_id
), expected AS (
    SELECT id, user_id, state, amount, captured,
           CASE state WHEN 'held' THEN 0 ELSE amount - captured END AS released,
           CASE state WHEN 'captured' THEN captured ELSE amount END AS parts
    FROM holds
)
SELECT format('hold %s', coalesce(h.id, p.hold_id)) AS subject,
       format('%s, %s held of which %s captured; lines: %s reserved in %s, %s captured in %s, %s released '
              'in %s; its parts: %s', h.state, h.amount, h.captured, p.reserved, p.reserves, p.captured,
              p.captures, p.released, p.releases, s.amount) AS wrong
FROM expected h FULL JOIN posted p ON p.hold_id = h.id LEFT JOIN parts s ON s.hold_id = h.id
WHERE h.id IS NULL
   OR coalesce(p.reserved, 0) <> h.amount OR coalesce(p.reserves, 0) <> (h.amount > 0)::int
   OR coalesce(p.captured, 0) <> h.captured OR coalesce(p.captures, 0) <> (h.captured > 0)::int
   OR coalesce(p.released, 0) <> h.released OR coalesce(p.releases, 0) <> (h.released > 0)::int
   OR coalesce(s.amount, 0) <> h.parts OR p.users > 1 OR p.user_id <> h.user_id
