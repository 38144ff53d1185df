-- every line and hold is of an account, every part of a hold and a grant
SELECT format('user %s', user_id) AS subject, format('has %s and no account', what) AS wrong
FROM (SELECT user_id, 'lines' AS what FROM transactions UNION SELECT user_id, 'holds' FROM holds) AS owned
WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.user_id = owned.user_id)
UNION ALL
SELECT format('hold %s', p.hold_id), format('a part of it draws on grant %s; one does not exist', p.grant_id)
FROM hold_parts p LEFT JOIN holds h ON h.id = p.hold_id LEFT JOIN grants g ON g.id = p.grant_id
WHERE h.id IS NULL OR g.id IS NULL
