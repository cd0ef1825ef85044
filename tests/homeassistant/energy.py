"""The energy dashboard's preferences, whose form changed between the oldest and the newest release that we claim."""


def grid_source(version, energy_import, energy_export, power):
    """A grid connection with these entities; the older release has no place for power."""
    if version.startswith("2025."):
        costs = {"entity_energy_price": None, "number_energy_price": None}
        flow_from = {"stat_energy_from": energy_import, "stat_cost": None} | costs
        flow_to = {"stat_energy_to": energy_export, "stat_compensation": None} | costs
        return {"type": "grid", "flow_from": [flow_from], "flow_to": [flow_to], "cost_adjustment_day": 0}
    return {"type": "grid", "stat_energy_from": energy_import, "stat_energy_to": energy_export, "stat_rate": power,
            "cost_adjustment_day": 0}
